#pragma once

#include "base/json.hpp"
#include "base/result.hpp"
#include "variables/input.hpp"

#include <string>
#include <vector>

namespace ramet::variables {

enum class Verdict : std::uint8_t { won, lost, withheld };

struct ExplainedCandidate {
    std::string place;     ///< "environment staging"
    std::string where;     ///< "ramet.yaml:5:3", or by whom and when
    std::string declared;  ///< what it says; of a secret only name and version
    Verdict verdict = Verdict::lost;
    friend bool operator==(const ExplainedCandidate&, const ExplainedCandidate&) = default;
};

/// Why a variable has its value for one service.
struct Explanation {
    std::string key;
    std::string reader;
    std::string value{};  ///< effective value; empty with `is_set` false when there is none
    bool is_set = false;
    std::string problem{};                         ///< why there is none, when that is an error
    std::vector<ExplainedCandidate> candidates{};  ///< strongest first
    std::vector<ExplainedCandidate> secrets{};     ///< when the winner refers to a secret: its candidates
    std::vector<Explanation> refers_to{};          ///< aliases and ${VARIABLE}s of the winner, each explained
};

/// Every candidate for `key` as `reader` (service or job) reads it. `not_found` when nothing declares it for this reader, with the
/// readers or keys that were meant.
Result<Explanation> explain(const ResolutionInput& input, std::string_view key, const std::string& reader);

/// For the terminal.
std::string to_text(const Explanation& explanation);
Json to_json(const Explanation& explanation);

std::string_view to_string(Verdict verdict);

}  // namespace ramet::variables

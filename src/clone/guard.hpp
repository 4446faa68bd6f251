#pragma once

#include "base/result.hpp"
#include "clone/desired.hpp"
#include "clone/reach.hpp"

#include <map>
#include <string>
#include <vector>

namespace ramet::clone {

/// What the use case found out about one version of one secret with its plaintext in hand; the plaintext is not part of it.
struct SecretFinding {
    std::string keyed_hash{};
    std::vector<Reach> reaches{};  ///< by `find_reach` over the plaintext
};
/// By id and version.
using SecretFindings = std::map<std::pair<std::string, std::int64_t>, SecretFinding>;

struct GuardInput {
    const DesiredEnvironment& desired;
    const std::vector<Fingerprints>& protected_environments;
    std::vector<std::string> allow_reach{};  ///< "VARIABLE" or "service.VARIABLE", from the trusted branch
    std::string protected_base{};            ///< name of the base when it is protected, else empty
    SecretFindings secrets{};
    std::function<std::string(std::string_view)> keyed_hash{};  ///< of plain texts, with the project's key
};

struct Violation {
    std::string service;   ///< service, job or database
    std::string variable;  ///< empty: not by a variable
    Reach reach{};
    friend bool operator==(const Violation&, const Violation&) = default;
};

struct GuardReport {
    std::vector<Violation> violations{};  ///< each refuses the plan
    std::vector<Violation> accepted{};    ///< by allow_reach; the audit log says so
};

/// Whether a preview reaches what a protected environment owns. Pure; finds everything at once.
GuardReport inspect_reach(const GuardInput& input);

/// Nothing, or `refused` with every violation by service, variable and what it reaches.
Result<void> check_original_is_safe(const GuardInput& input);

std::string describe(const Violation& violation);

}  // namespace ramet::clone

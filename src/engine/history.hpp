#pragma once

#include "engine/plan.hpp"
#include "engine/records.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ramet::engine {

/// What a journal says about one step.
struct StepHistory {
    int attempt = 0;
    std::optional<RecordKind> forward{};        ///< the last record on the way forward
    std::optional<RecordKind> undo{};           ///< the last record on the way back
    std::optional<std::int64_t> incarnation{};  ///< of the last INTENT
    bool made = false;                          ///< that INTENT was the first of its incarnation
    std::optional<Error> error{};
    std::optional<Time> started_at{};
    std::optional<Time> ended_at{};
};

using History = std::map<std::string, StepHistory>;

/// Errors: `integrity` when the chain of hashes is broken: a record was edited, removed or reordered.
Result<History> read_history(std::span<const JournalRecord> journal);

/// A run as people see it, from what is stored.
RunView view_of(const RunRow& run, const Plan& plan, const History& history);

}  // namespace ramet::engine

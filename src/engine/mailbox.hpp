#pragma once

#include "engine/records.hpp"

#include <optional>
#include <span>

namespace ramet::engine {

/// Whether a run of that kind takes away what there is.
bool removes(RunKind kind);

/// What becomes of an owner's other runs when a new one arrives.
struct Admission {
    bool starts_now = false;
    bool supersedes_active = false;
    /// Of the waiting runs, those that it takes the slot of, by index.
    std::vector<std::size_t> supersedes_waiting{};
};

/// One slot per owner: the newest generation wins, and destroy beats apply. A destroy clears everything; an apply replaces any
/// apply but waits for a destroy to end, because what was to be removed must be gone before it is made anew.
Admission admit(RunKind arriving, std::optional<RunKind> active, std::span<const RunKind> waiting);

/// Of runs that wait, in their order: by which later one, by index, each is overtaken.
std::vector<std::optional<std::size_t>> find_overtaken(std::span<const RunKind> waiting);

/// The last status of a run whose slot was taken.
RunStatus superseded_by(RunStatus status, const EngineRunId& by, Time at);
/// The same of one that was stopped before it began.
RunStatus cancelled(RunStatus status, Time at);

}  // namespace ramet::engine

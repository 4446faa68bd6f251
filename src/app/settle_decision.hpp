#pragma once

#include "domain/environment.hpp"
#include "engine/engine.hpp"

#include <optional>

namespace ramet::app {

/// The newest run of an environment, as far as its row is settled by it.
struct NewestRun {
    engine::RunKind kind = engine::RunKind::apply;
    engine::RunState state = engine::RunState::queued;
    std::int64_t generation = 0;
    CommitSha commit{};  ///< that it deploys
};

/// What the row does not say yet.
enum class Pending : std::uint8_t { nothing, wishes };

enum class Settling : std::uint8_t {
    nothing,
    bury,       ///< all that it held is gone: the row goes too
    take_over,  ///< the row says how the run ended
    deploy,     ///< the row asks for something that no run was submitted for
};

/// What follows for an environment's row from how its newest run stands. Pure; the product and the simulation both decide by it.
Settling decide_settling(const Environment& row, const std::optional<NewestRun>& run, Pending pending);

/// Whether an earlier generation serves, and goes on when the newest one fails.
enum class Before : std::uint8_t { nothing, good };

/// As people see an environment after a run of it has ended.
EnvironmentState state_after(engine::RunState ended, Before before);

/// Whether something is still to come for it, so that the periodic look settles it as well.
bool is_unsettled(EnvironmentState state);

}  // namespace ramet::app

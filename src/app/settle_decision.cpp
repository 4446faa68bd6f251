#include "app/settle_decision.hpp"

namespace ramet::app {

using engine::RunState;

namespace {

bool waits_for_a_run(EnvironmentState state)
{
    return state == EnvironmentState::creating || state == EnvironmentState::updating ||
           state == EnvironmentState::queued;
}

Settling settle_removal(RunState ended)
{
    if (ended == RunState::succeeded) return Settling::bury;
    return ended == RunState::superseded ? Settling::nothing : Settling::take_over;
}

}  // namespace

Settling decide_settling(const Environment& row, const std::optional<NewestRun>& run, Pending pending)
{
    const bool has_ended = run && (engine::is_final(run->state) || run->state == RunState::kept);
    if (has_ended && run->kind == engine::RunKind::destroy) return settle_removal(run->state);
    const bool is_open = row.state == EnvironmentState::creating || row.state == EnvironmentState::updating;
    // A row whose commit was changed and then could not be deployed is not what the run was about.
    const bool is_newest = has_ended && run->generation == row.desired_generation && run->commit == row.commit;
    if (is_open && is_newest && pending == Pending::nothing) return Settling::take_over;
    // It waits for a golden copy or for room.
    if (waits_for_a_run(row.state) && (!run || engine::is_final(run->state))) return Settling::deploy;
    return Settling::nothing;
}

EnvironmentState state_after(RunState ended, Before before)
{
    const bool serves = before == Before::good;
    switch (ended) {
    case RunState::succeeded: return EnvironmentState::ready;
    case RunState::needs_human: return EnvironmentState::needs_human;
    case RunState::kept: return EnvironmentState::failed;
    case RunState::cancelled: return serves ? EnvironmentState::ready : EnvironmentState::failed;
    default: return serves ? EnvironmentState::degraded : EnvironmentState::failed;
    }
}

bool is_unsettled(EnvironmentState state)
{
    return waits_for_a_run(state) || state == EnvironmentState::deleting;
}

}  // namespace ramet::app

#include "engine/run_machine.hpp"

namespace ramet::engine {

void RunMachine::finish(RunState state, Now now)
{
    move_run(state);
    setup_.run.status.ended_at = now.wall;
    for (auto& step : steps_) step.next = Next::nothing;
    if (state == RunState::succeeded && setup_.run.kind == RunKind::destroy) write_receipt(now);
    if (state == RunState::needs_human && setup_.run.kind == RunKind::sweep) close_again();
}

// What a sweep could not remove is an orphan as before: the next one sees it, and tells.
void RunMachine::close_again()
{
    for (const auto& step : steps_) {
        auto& row = resource_of(step).row;
        if (row.phase != Phase::removing) continue;
        row.phase = Phase::gone;
        changed(step.row);
    }
}

// A spec is good when everything that its run makes stands: from here on what was before is taken away. Until then the one before
// it is what a failure returns to.
void RunMachine::mark_good()
{
    for (const auto& step : steps_) {
        if (step.plan.action == StepAction::remove) continue;
        auto& row = resource_of(step).row;
        if (!step.has_intent && row.last_good_spec) continue;
        keep_as_good(row);
        changed(step.row);
    }
}

void RunMachine::keep_as_good(ResourceRow& row)
{
    row.last_good_spec = row.ref.spec;
    row.last_good_outputs = row.ref.outputs;
}

void RunMachine::write_receipt(Now now)
{
    Receipt receipt;
    receipt.owner = setup_.run.owner;
    receipt.run = setup_.run.id;
    receipt.name = get_string(setup_.run.note, "name", setup_.run.owner.str());
    receipt.made_at = now.wall;
    for (const auto& [key, resource] : resources_) {
        const auto& row = resource.row;
        if (row.absent_at) receipt.resources.push_back({row.ref.path, row.ref.kind, row.ref.name, *row.absent_at});
    }
    receipt.hash = hash_of(receipt);
    effects_.receipt = std::move(receipt);
}

}  // namespace ramet::engine

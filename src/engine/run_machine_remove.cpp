#include "engine/run_machine.hpp"

namespace ramet::engine {
namespace {

// After so many looks at something that should be gone, the removal is repeated: it may have been lost.
constexpr int looks_before_repeat = 20;

}  // namespace

bool RunMachine::is_wanted(const PlanStep& removal) const
{
    const auto* resource = find_resource({removal.path, removal.incarnation});
    if (!resource || resource->row.phase == Phase::gone) return false;
    if (removal.condition != RemovalCondition::when_replaced) return true;
    const auto current = current_.find(removal.path);
    return current != current_.end() && current->second.second > removal.incarnation;
}

void RunMachine::begin_removal(std::size_t index, Now now)
{
    auto& step = steps_[index];
    if (!is_wanted(step.plan)) {
        move(step, StepState::done);
        step.was_done = true;
        return release_dependents(step, now);
    }
    move(step, StepState::ready);
    step.started_at = now.wall;
    intend_removal(index, now);
}

/// Also for undoing, which stays in its own state.
void RunMachine::intend_removal(std::size_t index, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    if (!step.undo_since) step.undo_since = now.steady;
    if (step.state != StepState::undoing) {
        move(step, StepState::intent);
        step.has_intent = true;
    }
    row.phase = Phase::removing;
    ++step.attempt;
    step.looks = 0;
    record(step, step.state == StepState::undoing ? RecordKind::compensate_intent : RecordKind::intent,
           json::object{{"name", row.ref.name}, {"incarnation", row.ref.incarnation}, {"identity", row.ref.identity}},
           now);
    changed(step.row);
    call(index, Verb::remove, now);
}

void RunMachine::on_removed(std::size_t index, const CallOutcome& outcome, Now now)
{
    auto& step = steps_[index];
    if (outcome.removed && !*outcome.removed) return on_removal_error(index, outcome.removed->error(), now);
    if (!outcome.observed || !*outcome.observed) {
        const auto error = outcome.observed ? outcome.observed->error() : Error{};
        if (step.state == StepState::probe || step.state == StepState::waiting) {
            ++step.errors;
            step.waiting_for = error.message;
            if (has_spent(step, now)) return get_stuck(index, error, now);
            return back_off(step, Next::probe, now);
        }
        return on_removal_error(index, error, now);
    }
    step.errors = 0;
    on_removal_look(index, **outcome.observed, now);
}

void RunMachine::on_removal_error(std::size_t index, const Error& error, Now now)
{
    auto& step = steps_[index];
    ++step.errors;
    const bool may_retry = is_transient(error.kind) || error.kind == ErrorKind::cancelled;
    if (!may_retry || has_spent(step, now)) return get_stuck(index, error, now);
    step.waiting_for = error.message;
    if (step.state == StepState::in_flight) {
        const bool is_known = error.kind == ErrorKind::unavailable;
        move(step, is_known ? StepState::backoff : StepState::unknown);
        return is_known ? back_off(step, Next::intent, now) : wait_for(step, Next::probe, now.steady);
    }
    back_off(step, Next::intent, now);
}

void RunMachine::on_removal_look(std::size_t index, const Observation& observation, Now now)
{
    auto& step = steps_[index];
    const bool is_absent = observation.presence != Presence::ours;
    if (is_absent && believes_absence(step)) return complete_removal(index, now);
    if (step.state == StepState::in_flight) {
        move(step, StepState::acked);
        move(step, StepState::waiting);
    } else if (step.state == StepState::probe && !is_absent) {
        if (stop_ == Stop::none || step.undo != Undo::none) intend_removal(index, now);
        return;
    }
    if (is_absent) return wait_for(step, Next::probe, resource_of(step).absence_from);
    step.waiting_for = observation.evidence.empty() ? "it is still there" : observation.evidence;
    if (has_spent(step, now))
        return get_stuck(index, Error{ErrorKind::timeout, step.plan.path + " does not go away", observation.evidence},
                         now);
    if (step.looks >= looks_before_repeat || was_absent_before(step)) return wait_for(step, Next::intent, now.steady);
    look_for_absence_again(step, now);
}

// It seemed absent, so nothing was removed, and then a late creation arrived.
bool RunMachine::was_absent_before(const Step& step) const
{
    return step.looks == 0 && step.verb == Verb::probe;
}

void RunMachine::complete_removal(std::size_t index, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    row.phase = Phase::gone;
    row.absent_at = now.wall;
    const bool undoes = step.state == StepState::undoing;
    if (undoes) record(step, RecordKind::compensated, nullptr, now);
    record(step, RecordKind::tombstone, json::object{{"incarnation", row.ref.incarnation}}, now);
    changed(step.row);
    step.ended_at = now.wall;
    step.waiting_for.clear();
    move(step, undoes ? StepState::undone : StepState::done);
    if (undoes) return;
    step.was_done = true;
    release_dependents(step, now);
}

void RunMachine::get_stuck(std::size_t index, Error error, Now now)
{
    auto& step = steps_[index];
    step.next = Next::nothing;
    step.error = error;
    step.ended_at = now.wall;
    move(step, StepState::stuck);
    record(step, RecordKind::failed, to_json(error), now);
    if (setup_.run.status.error) return;
    setup_.run.status.error = std::move(error);
    effects_.status_changed = true;
}

bool RunMachine::has_spent(Step& step, Now now) const
{
    const bool too_often = step.attempt >= world_.budgets.undo_attempts || step.errors >= world_.budgets.undo_attempts;
    const bool too_long = step.undo_since && now.steady - *step.undo_since > world_.budgets.undo_time;
    return too_often || too_long;
}

}  // namespace ramet::engine

#include "engine/run_machine.hpp"

#include "engine/fill.hpp"
#include "engine/words.hpp"

#include <algorithm>

namespace ramet::engine {

/// Chooses for each step what is taken back, and how. Everything with an INTENT and no proven absence has its turn.
void RunMachine::plan_undo()
{
    if (undo_is_planned_) return;
    undo_is_planned_ = true;
    std::set<RowKey> taken;
    for (auto& step : steps_) {
        const auto* resource = find_resource(step.row);
        if (!resource || resource->row.phase == Phase::gone || !taken.insert(step.row).second) continue;
        step.undo = undo_of_row(step, resource->row);
    }
    // What was changed to follow something that is now taken back has to follow it back.
    for (bool grows = true; grows;) {
        grows = false;
        for (auto& step : steps_) {
            if (step.undo != Undo::none || !step.was_done || !step.has_intent || step.plan.action == StepAction::remove)
                continue;
            if (!depends_on_undone(step)) continue;
            step.undo = undo_for(step);
            grows = step.undo != Undo::none;
        }
    }
    for (auto& step : steps_)
        if (step.state == StepState::undone) step.undo = Undo::none;
}

RunMachine::Undo RunMachine::undo_of_row(const Step& step, const ResourceRow& row) const
{
    const bool rolls_back = setup_.request.on_failure == FailurePolicy::roll_back;
    if (row.phase == Phase::removing) return Undo::remove;
    if (made_here_.contains(step.row)) return Undo::remove;
    if (!row.last_good_spec) return rolls_back || (step.has_intent && !step.was_done) ? Undo::remove : Undo::none;
    // A superseded run before this one may have changed what this one never came to.
    const bool is_changed = step.has_intent || row.spec_hash != spec_hash(*row.last_good_spec);
    if (!is_changed || step.plan.action == StepAction::remove) return Undo::none;
    return rolls_back || !step.was_done ? Undo::restore : Undo::none;
}

RunMachine::Undo RunMachine::undo_for(const Step& step) const
{
    return find_resource(step.row)->row.last_good_spec ? Undo::restore : Undo::none;
}

bool RunMachine::depends_on_undone(const Step& step) const
{
    return std::ranges::any_of(steps_, [&step](const Step& other) {
        return other.undo != Undo::none && other.plan.action != StepAction::remove &&
               contains(step.plan.needs, other.plan.path);
    });
}

void RunMachine::begin_compensation(Now now)
{
    plan_undo();
    move_run(RunState::compensating);
    setup_.run.status.kept_until.reset();
    advance(now);
}

void RunMachine::schedule_undo(Now now)
{
    for (std::size_t index = 0; index < steps_.size(); ++index) {
        const auto& step = steps_[index];
        const bool is_open = step.undo != Undo::none && step.state != StepState::undoing &&
                             step.state != StepState::undone && step.state != StepState::stuck;
        if (is_open && !step.is_calling && !undo_is_blocked(step)) begin_undo(index, now);
    }
}

/// Reverse topological: what depends on it is taken back before.
bool RunMachine::undo_is_blocked(const Step& step) const
{
    return std::ranges::any_of(steps_, [this, &step](const Step& other) {
        if (&other == &step || other.undo == Undo::none || other.state == StepState::undone) return false;
        const auto* resource = find_resource(other.row);
        return other.plan.path != step.plan.path && contains(resource->row.depends_on, step.plan.path);
    });
}

void RunMachine::begin_undo(std::size_t index, Now now)
{
    auto& step = steps_[index];
    move(step, StepState::undoing);
    step.undo_since = now.steady;
    step.errors = 0;
    step.waiting_for.clear();
    if (step.undo == Undo::remove) return intend_removal(index, now);
    auto& row = resource_of(step).row;
    row.ref.spec = *row.last_good_spec;
    row.spec_hash = spec_hash(row.ref.spec);
    intend_restore(index, now);
}

void RunMachine::intend_restore(std::size_t index, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    row.phase = Phase::intended;
    row.changed_at.reset();
    ++step.attempt;
    step.looks = 0;
    record(step, RecordKind::compensate_intent,
           json::object{{"name", row.ref.name}, {"incarnation", row.ref.incarnation}, {"restores", true}}, now);
    changed(step.row);
    call(index, Verb::apply, now);
}

void RunMachine::on_restored(std::size_t index, Verb verb, const CallOutcome& outcome, Now now)
{
    auto& step = steps_[index];
    const auto on_error = [&](const Error& error) {
        ++step.errors;
        const bool may_retry = is_transient(error.kind) || error.kind == ErrorKind::cancelled;
        if (!may_retry || has_spent(step, now)) return get_stuck(index, error, now);
        step.waiting_for = error.message;
        back_off(step, verb == Verb::apply && !outcome.readiness ? Next::intent : Next::await, now);
    };
    if (outcome.applied && !*outcome.applied) {
        lose_answer(resource_of(step), now);
        return on_error(outcome.applied->error());
    }
    if (outcome.applied) acknowledge(step, **outcome.applied, now);
    if (!outcome.readiness) return wait_for(step, Next::await, now.steady);
    if (!*outcome.readiness) return on_error(outcome.readiness->error());
    if (const auto* failed = std::get_if<Failed>(&**outcome.readiness)) return get_stuck(index, failed->error, now);
    if (const auto* ready = std::get_if<Ready>(&**outcome.readiness)) return complete_restore(index, *ready, now);
    const auto& not_yet = std::get<NotYet>(**outcome.readiness);
    step.waiting_for = not_yet.reason;
    if (has_spent(step, now))
        return get_stuck(index, Error{ErrorKind::timeout, step.plan.path + " is not ready again", not_yet.reason}, now);
    await_again(step, not_yet.look_again_after, now);
}

void RunMachine::complete_restore(std::size_t index, const Ready& ready, Now now)
{
    auto& step = steps_[index];
    auto& row = resource_of(step).row;
    for (const auto& [name, value] : ready.outputs) row.ref.outputs[name] = value;
    row.phase = Phase::live;
    record(step, RecordKind::compensated, json::object{{"restored", true}}, now);
    changed(step.row);
    step.ended_at = now.wall;
    move(step, StepState::undone);
}

void RunMachine::finish_compensation(Now now)
{
    const bool complete = std::ranges::all_of(
        steps_, [](const Step& step) { return step.undo == Undo::none || step.state == StepState::undone; });
    if (!complete) return finish(RunState::needs_human, now);
    finish(stop_ == Stop::cancel ? RunState::cancelled : RunState::rolled_back, now);
}

}  // namespace ramet::engine

#include "engine/run_machine.hpp"

namespace ramet::engine {

void RunMachine::resume(const History& history, Now now, JournalEnd end)
{
    journal_ = std::move(end);
    auto& status = setup_.run.status;
    if (status.deadline) deadline_ = now.steady + (*status.deadline - now.wall);
    if (status.kept_until) kept_until_ = now.steady + (*status.kept_until - now.wall);
    for (auto& step : steps_) {
        if (step.blockers == 0) ready_.push_back(index_of(step));
        if (const auto found = history.find(step.plan.key); found != history.end())
            restore_step(step, found->second, now);
    }
    for (auto& step : steps_)
        if (step.was_done || (destroys() && step.state == StepState::failed)) release_dependents(step, now);
    if (status.state == RunState::running) keep_unchanged(now);
    resume_stop(now);
    advance(now);
}

void RunMachine::resume_stop(Now now)
{
    const auto& status = setup_.run.status;
    // What was asked for through another server may have come too late.
    const bool is_too_late = status.state == RunState::running && (destroys() || is_past_commit_point());
    if (status.cancel == CancelRequest::requested && !is_too_late) return resume_undo(Stop::cancel);
    if (status.state == RunState::compensating || status.state == RunState::kept) return resume_undo(Stop::failure);
    for (const auto& step : steps_)
        if (step.state == StepState::failed && !destroys()) stop(Stop::failure, now);
}

void RunMachine::resume_undo(Stop reason)
{
    stop_ = reason;
    for (auto& step : steps_) step.next = Next::nothing;
    if (setup_.run.status.state == RunState::compensating) plan_undo();
}

// The answer to what was in flight is lost with the process that waited for it.
void RunMachine::restore_step(Step& step, const StepHistory& history, Now now)
{
    step.attempt = history.attempt;
    step.error = history.error;
    step.started_at = history.started_at;
    step.ended_at = history.ended_at;
    step.has_intent = history.forward.has_value();
    if (history.incarnation && step.plan.action != StepAction::remove) {
        step.row = {step.plan.path, *history.incarnation};
        if (history.made) made_here_.insert(step.row);
        if (find_resource(step.row)) current_[step.plan.path] = step.row;
    }
    if (history.forward) restore_forward(step, *history.forward, now);
    const bool is_undone = history.undo == RecordKind::compensated || history.undo == RecordKind::tombstone;
    if (is_undone) step.state = StepState::undone;
}

void RunMachine::restore_forward(Step& step, RecordKind last, Now now)
{
    const bool removes = step.plan.action == StepAction::remove;
    switch (last) {
    case RecordKind::observed:
    case RecordKind::tombstone:
        step.state = StepState::done;
        step.was_done = true;
        return;
    case RecordKind::failed: step.state = removes ? StepState::stuck : StepState::failed; return;
    case RecordKind::ack:
    case RecordKind::adopted:
        step.state = StepState::waiting;
        step.was_adopted = last == RecordKind::adopted;
        wait_for(step, Next::await, now.steady);
        return;
    default: step.state = StepState::unknown; wait_for(step, Next::probe, now.steady);
    }
}

}  // namespace ramet::engine

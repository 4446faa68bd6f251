#include "engine/history.hpp"

namespace ramet::engine {
namespace {

void add_undo(StepHistory& step, const JournalRecord& record)
{
    step.undo = record.kind;
    step.ended_at = record.kind == RecordKind::compensate_intent ? std::nullopt : std::optional(record.at);
}

void add_forward(StepHistory& step, const JournalRecord& record)
{
    step.forward = record.kind;
    step.ended_at.reset();
    if (record.kind == RecordKind::intent) {
        if (!step.started_at) step.started_at = record.at;
        step.incarnation = get_int(record.outcome, "incarnation", 1);
        step.made |= get_bool(record.outcome, "made");
    } else if (record.kind == RecordKind::observed || record.kind == RecordKind::tombstone ||
               record.kind == RecordKind::failed) {
        step.ended_at = record.at;
    }
}

void add(StepHistory& step, const JournalRecord& record)
{
    step.attempt = record.attempt;
    if (record.kind == RecordKind::failed) step.error = error_from_json(record.outcome);
    if (step.undo || record.kind == RecordKind::compensate_intent)
        add_undo(step, record);
    else
        add_forward(step, record);
}

StepState undo_state(RecordKind last)
{
    switch (last) {
    case RecordKind::compensated:
    case RecordKind::tombstone: return StepState::undone;
    case RecordKind::failed: return StepState::stuck;
    default: return StepState::undoing;
    }
}

StepState forward_state(const PlanStep& step, RecordKind last)
{
    switch (last) {
    case RecordKind::observed:
    case RecordKind::tombstone: return StepState::done;
    case RecordKind::failed: return step.action == StepAction::remove ? StepState::stuck : StepState::failed;
    case RecordKind::ack:
    case RecordKind::adopted: return StepState::waiting;
    default: return StepState::in_flight;
    }
}

StepState state_of(const RunRow& run, const PlanStep& step, const StepHistory* history)
{
    if (history && history->undo) return undo_state(*history->undo);
    if (history && history->forward) return forward_state(step, *history->forward);
    const bool was_kept = step.action == StepAction::keep && run.status.state != RunState::queued;
    return was_kept || run.status.state == RunState::succeeded ? StepState::done : StepState::pending;
}

StepView step_view(const RunRow& run, const PlanStep& step, const StepHistory* history)
{
    StepView view;
    view.path = step.path;
    view.kind = step.kind;
    view.action = step.action;
    view.needs = step.needs;
    view.state = state_of(run, step, history);
    if (!history) return view;
    view.attempt = history->attempt;
    view.error = history->error;
    view.started_at = history->started_at;
    view.ended_at = history->ended_at;
    return view;
}

}  // namespace

Result<History> read_history(std::span<const JournalRecord> journal)
{
    History history;
    std::string previous;
    for (const auto& record : journal) {
        if (record.prev_hash != previous)
            return fail(ErrorKind::integrity, "the journal of run {} was changed before record {}", record.run.str(),
                        record.seq);
        previous = hash_of(record);
        add(history[record.step], record);
    }
    return history;
}

RunView view_of(const RunRow& run, const Plan& plan, const History& history)
{
    RunView view;
    view.id = run.id;
    view.owner = run.owner;
    view.generation = run.generation;
    view.kind = run.kind;
    view.state = run.status.state;
    view.plan_hash = run.plan_hash;
    view.note = run.note;
    view.error = run.status.error;
    view.superseded_by = run.status.superseded_by;
    view.created_at = run.created_at;
    view.ended_at = run.status.ended_at;
    for (const auto& step : plan.steps) {
        const auto found = history.find(step.key);
        // A removal that depended on something that did not happen was never more than a possibility.
        if (step.condition != RemovalCondition::always && found == history.end()) continue;
        view.steps.push_back(step_view(run, step, found == history.end() ? nullptr : &found->second));
    }
    return view;
}

}  // namespace ramet::engine

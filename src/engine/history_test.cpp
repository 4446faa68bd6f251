#include "engine/history.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

/// A journal with its chain of hashes, from steps and records.
std::vector<JournalRecord> journal_of(const std::vector<std::pair<std::string, RecordKind>>& entries)
{
    std::vector<JournalRecord> journal;
    for (const auto& [step, kind] : entries) {
        JournalRecord record;
        record.run = EngineRunId("run-1");
        record.seq = std::ssize(journal) + 1;
        record.step = step;
        record.attempt = 1;
        record.kind = kind;
        record.at = Time{Milliseconds{1000 + record.seq}};
        if (kind == RecordKind::failed) record.outcome = to_json(Error{ErrorKind::timeout, "too slow"});
        if (kind == RecordKind::intent) record.outcome = json::object{{"incarnation", 2}, {"made", true}};
        record.prev_hash = journal.empty() ? "" : hash_of(journal.back());
        journal.push_back(std::move(record));
    }
    return journal;
}

StepState state_after(const std::vector<RecordKind>& kinds, StepAction action = StepAction::create)
{
    std::vector<std::pair<std::string, RecordKind>> entries;
    for (const auto kind : kinds) entries.emplace_back("a", kind);
    PlanStep step;
    step.key = step.path = "a";
    step.action = action;
    RunRow run;
    run.status.state = RunState::running;
    return view_of(run, Plan{{step}}, *read_history(journal_of(entries))).steps.at(0).state;
}

TEST_CASE("the state of a step is what its last record says")
{
    using enum RecordKind;
    CHECK(state_after({}) == StepState::pending);
    CHECK(state_after({}, StepAction::keep) == StepState::done);
    CHECK(state_after({intent}) == StepState::in_flight);
    CHECK(state_after({intent, absent, intent}) == StepState::in_flight);
    CHECK(state_after({intent, ack}) == StepState::waiting);
    CHECK(state_after({intent, adopted}) == StepState::waiting);
    CHECK(state_after({intent, observed}) == StepState::done);
    CHECK(state_after({intent, failed}) == StepState::failed);
    CHECK(state_after({intent, tombstone}, StepAction::remove) == StepState::done);
    CHECK(state_after({intent, failed}, StepAction::remove) == StepState::stuck);
    CHECK(state_after({intent, observed, compensate_intent}) == StepState::undoing);
    CHECK(state_after({intent, observed, compensate_intent, compensated, tombstone}) == StepState::undone);
    CHECK(state_after({intent, observed, compensate_intent, failed}) == StepState::stuck);
    CHECK(state_after({intent, observed, compensate_intent, failed, compensate_intent}) == StepState::undoing);
}

TEST_CASE("a journal tells what was made, and why it failed")
{
    const auto history =
        read_history(journal_of({{"a", RecordKind::intent}, {"b", RecordKind::intent}, {"a", RecordKind::failed}}));
    const auto& step = history->at("a");
    CHECK(step.made);
    CHECK(step.incarnation == 2);
    CHECK(step.error->message == "too slow");
    CHECK(step.started_at == Time{Milliseconds{1001}});
    CHECK(step.ended_at == Time{Milliseconds{1003}});
    CHECK_FALSE(history->at("b").ended_at.has_value());
}

TEST_CASE("an edited, removed or reordered record breaks the chain")
{
    const auto intact = journal_of({{"a", RecordKind::intent}, {"a", RecordKind::ack}, {"a", RecordKind::observed}});
    CHECK(read_history(intact).has_value());
    auto edited = intact;
    edited[1].external_id = "other";
    auto removed = intact;
    removed.erase(removed.begin() + 1);
    auto reordered = intact;
    std::swap(reordered[1], reordered[2]);
    for (const auto& journal : {edited, removed, reordered})
        CHECK(read_history(journal).error().kind == ErrorKind::integrity);
}

TEST_CASE("a removal that only might have been necessary is not shown when it was not")
{
    PlanStep step;
    step.key = "remove a #1";
    step.action = StepAction::remove;
    step.condition = RemovalCondition::when_replaced;
    CHECK(view_of(RunRow{}, Plan{{step}}, History{}).steps.empty());
}

}  // namespace
}  // namespace ramet::engine

#include "engine/states.hpp"

#include <doctest/doctest.h>

#include <set>

namespace ramet::engine {
namespace {

TEST_CASE("no transition stands in the tables twice, and no end has a way out")
{
    std::set<std::pair<StepState, StepState>> steps;
    for (const auto& row : step_transitions()) {
        CHECK(steps.emplace(row.from, row.to).second);
        CHECK(row.from != StepState::undone);
        CHECK(row.from != StepState::stuck);
    }
    std::set<std::pair<RunState, RunState>> runs;
    for (const auto& row : run_transitions()) {
        CHECK(runs.emplace(row.from, row.to).second);
        CHECK_FALSE(is_final(row.from));
    }
}

TEST_CASE("every state is reached from the first one")
{
    std::set<StepState> reached{StepState::pending};
    for (int round = 0; round < 16; ++round)
        for (const auto& row : step_transitions())
            if (reached.contains(row.from)) reached.insert(row.to);
    CHECK(reached.size() == 15);
    std::set<RunState> runs{RunState::queued};
    for (int round = 0; round < 10; ++round)
        for (const auto& row : run_transitions())
            if (runs.contains(row.from)) runs.insert(row.to);
    CHECK(runs.size() == 10);
}

TEST_CASE("transitions are counted by their place in the table")
{
    TransitionCounts counts;
    counts.count(StepState::pending, StepState::ready);
    counts.count(RunState::queued, RunState::running);
    CHECK(counts.steps[0] == 1);
    CHECK(counts.runs[0] == 1);
    CHECK_FALSE(is_allowed(StepState::pending, StepState::in_flight));
    CHECK_FALSE(is_allowed(RunState::succeeded, RunState::running));
}

}  // namespace
}  // namespace ramet::engine

#include "app/settle_decision.hpp"

#include <doctest/doctest.h>

using namespace ramet;
using namespace ramet::app;
using engine::RunKind;
using engine::RunState;

namespace {

const CommitSha head("1111111111111111111111111111111111111111");
const CommitSha older("2222222222222222222222222222222222222222");

Environment row_of(EnvironmentState state)
{
    Environment row;
    row.state = state;
    row.commit = head;
    row.desired_generation = 3;
    return row;
}

NewestRun apply_run(RunState state, std::int64_t generation = 3, const CommitSha& commit = head)
{
    return {RunKind::apply, state, generation, commit};
}

NewestRun destroy_run(RunState state)
{
    return {RunKind::destroy, state, 3, {}};
}

}  // namespace

TEST_CASE("a row is settled by how its newest run stands")
{
    using enum EnvironmentState;
    struct Row {
        const char* what;
        EnvironmentState state;
        std::optional<NewestRun> run;
        Settling settling;
    };
    const Row rows[] = {
        {"the run goes on", creating, apply_run(RunState::running), Settling::nothing},
        {"the run is taken back", updating, apply_run(RunState::compensating), Settling::nothing},
        {"it succeeded", creating, apply_run(RunState::succeeded), Settling::take_over},
        {"it failed", updating, apply_run(RunState::rolled_back), Settling::take_over},
        {"it is kept for a look", creating, apply_run(RunState::kept), Settling::take_over},
        {"it was taken over before", ready, apply_run(RunState::succeeded), Settling::nothing},
        {"nothing was submitted", creating, std::nullopt, Settling::deploy},
        {"the commit was changed and not submitted", updating, apply_run(RunState::succeeded, 3, older),
         Settling::deploy},
        {"the same while a run goes on", updating, apply_run(RunState::running, 3, older), Settling::nothing},
        {"it waits for room", queued, std::nullopt, Settling::deploy},
        {"it was refused", failed, std::nullopt, Settling::nothing},
        {"all is removed", deleting, destroy_run(RunState::succeeded), Settling::bury},
        {"it is being removed", deleting, destroy_run(RunState::running), Settling::nothing},
        {"the removal got stuck", deleting, destroy_run(RunState::needs_human), Settling::take_over},
        {"another removal is on its way", deleting, destroy_run(RunState::superseded), Settling::nothing},
    };
    for (const auto& row : rows) {
        CAPTURE(row.what);
        CHECK(decide_settling(row_of(row.state), row.run, Pending::nothing) == row.settling);
    }
}

TEST_CASE("a run of an earlier generation does not settle a row that asks for more")
{
    const auto run = apply_run(RunState::succeeded, 2);
    CHECK(decide_settling(row_of(EnvironmentState::updating), run, Pending::nothing) == Settling::deploy);
}

TEST_CASE("wishes that came while a run was under way are deployed after it, even when it succeeded")
{
    const auto run = apply_run(RunState::succeeded);
    CHECK(decide_settling(row_of(EnvironmentState::updating), run, Pending::wishes) == Settling::deploy);
}

TEST_CASE("a failure is a degradation where something serves, else a failure")
{
    struct Row {
        RunState ended;
        EnvironmentState first;
        EnvironmentState later;
    };
    using enum EnvironmentState;
    const Row rows[] = {{RunState::succeeded, ready, ready},
                        {RunState::rolled_back, failed, degraded},
                        {RunState::cancelled, failed, ready},
                        {RunState::kept, failed, failed},
                        {RunState::refused, failed, degraded},
                        {RunState::superseded, failed, degraded},
                        {RunState::needs_human, needs_human, needs_human}};
    for (const auto& row : rows) {
        CAPTURE(to_string(row.ended));
        CHECK(state_after(row.ended, Before::nothing) == row.first);
        CHECK(state_after(row.ended, Before::good) == row.later);
    }
}

TEST_CASE("the periodic look settles what is still to become something else")
{
    using enum EnvironmentState;
    for (const auto state : {creating, updating, queued, deleting}) CHECK(is_unsettled(state));
    for (const auto state : {ready, failed, degraded, needs_human, sleeping, awaiting_approval})
        CHECK(!is_unsettled(state));
}

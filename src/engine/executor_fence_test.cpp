#include "fakes/engine_town.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

constexpr Milliseconds moment{50};
/// From the last renewal that was asked for until nothing may begin any more.
constexpr Milliseconds fence = Town::terms.term - Town::terms.margin;

std::size_t count_changes(Town& town)
{
    return town.driver.changes().size();
}

TEST_CASE("nothing begins in the margin before the end of a lease, and it goes on when the lease is renewed")
{
    for (const bool is_late : {false, true}) {
        CAPTURE(is_late);
        Town town;
        // Calls wait for their turn: when it comes, the lease counts and not what was true when they were planned.
        town.a.scheduler.holds_calls = true;
        const auto run = town.submit(town.a, apply_request(shop()));
        town.a.store.is_away = true;
        town.pass(is_late ? fence : fence - 2 * moment);
        town.a.scheduler.holds_calls = false;
        town.settle();
        CHECK(count_changes(town) == (is_late ? 0 : 1));
        town.a.store.is_away = false;
        town.pass(Town::terms.term);
        CHECK(town.status(run).state == RunState::succeeded);
        CHECK(town.lease().epoch == 1);
    }
}

TEST_CASE("nobody is asked in the margin how far a thing is: a driver goes on with its work then")
{
    Town town;
    const auto run = town.begin(town.a);
    const auto before = town.driver.calls();
    town.a.store.is_away = true;
    town.pass(fence);
    const auto asked = town.driver.calls();
    CHECK(asked > before);
    town.pass(Town::terms.margin - 2 * moment);
    CHECK(town.driver.calls() == asked);
    town.a.store.is_away = false;
    town.driver.delay("database/db", 0);
    town.pass_looking(Town::over);
    CHECK(town.status(run).state == RunState::succeeded);
}

TEST_CASE("no commit is sent in the margin before the end of a lease but its renewal")
{
    Town town;
    const auto run = town.begin(town.a);
    const auto journal = town.records.load_journal(run)->size();
    // That it is ready was seen in time, and is heard only now.
    town.a.scheduler.holds_answers = true;
    town.driver.delay("database/db", 0);
    town.pass(2 * moment);
    town.a.store.is_away = true;
    town.pass(fence);
    town.a.store.is_away = false;
    // It is written only after the renewal.
    std::vector<std::size_t> written;
    town.a.store.before_commit = [&] {
        town.a.store.before_commit = [&] { written.push_back(town.records.load_journal(run)->size()); };
        written.push_back(town.records.load_journal(run)->size());
        CHECK(town.lease().epoch == 1);
    };
    const auto until = town.lease().until;
    town.a.scheduler.holds_answers = false;
    town.a.scheduler.answer();
    town.pass(Milliseconds{400});
    REQUIRE(written.size() == 2);
    CHECK(written[0] == journal);
    CHECK(written[1] == journal);
    CHECK(town.lease().until > until);
    town.pass(Milliseconds{400});
    CHECK(town.status(run).state == RunState::succeeded);
}

TEST_CASE("the term counts from before a renewal was asked for, not from its answer")
{
    Town town;
    // The call that waits for its turn has its INTENT on disk.
    town.a.scheduler.holds_calls = true;
    const auto run = town.submit(town.a, apply_request(shop()));
    const auto slow = Town::terms.term / 3;
    const auto until = town.lease().until;
    town.a.store.before_commit = [&] {
        town.steady += slow;
        town.a.store.before_commit = [&] { town.a.store.is_away = true; };
    };
    town.pass(Town::terms.term / 3 + moment);
    REQUIRE(town.lease().until > until);
    REQUIRE(town.a.store.is_away);
    town.pass(fence - slow + moment);
    town.a.scheduler.holds_calls = false;
    town.settle();
    CHECK(count_changes(town) == 0);
    town.a.store.is_away = false;
    town.pass_looking(Town::over);
    CHECK(town.status(run).state == RunState::succeeded);
}

TEST_CASE("a run that begins under a lease that was there before renews nothing")
{
    Town town;
    town.begin(town.a);
    town.pass(Town::terms.term / 3 - 2 * moment);
    // What waited for the first one is cancelled when that ends, and a third one begins in its place.
    EngineRunId second("run-second");
    std::optional<Result<EngineRunId>> third;
    town.a.store.before_commit = [&] {
        town.a.store.before_commit = [&] {
            town.a.engine->cancel_async(second, [](const Result<void>&) {});
            town.a.engine->submit_async(apply_request(shop("3")), {}, [&](auto result) { third = std::move(result); });
        };
    };
    auto request = apply_request(shop("2"));
    request.id = second;
    town.a.scheduler.holds_calls = true;
    town.submit(town.a, request);
    REQUIRE(third.has_value());
    REQUIRE(town.status(second).state == RunState::cancelled);
    REQUIRE(town.status(**third).state == RunState::running);
    const auto before = count_changes(town);
    town.a.store.is_away = true;
    town.pass(fence - Town::terms.term / 3 + 3 * moment);
    town.a.scheduler.holds_calls = false;
    town.settle();
    CHECK(count_changes(town) == before);
    town.a.store.is_away = false;
    town.driver.delay("database/db", 0);
    town.pass_looking(Town::over);
    CHECK(town.status(**third).state == RunState::succeeded);
}

TEST_CASE("while the store is away nothing is given up before the lease is over")
{
    Town town;
    const auto run = town.begin(town.a);
    town.a.store.is_away = true;
    town.pass(Town::terms.term * 2 / 3 - moment);
    town.a.store.is_away = false;
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
    CHECK(town.lease().epoch == 1);
}

TEST_CASE("a run whose lease is over is let go, and goes on here when the store is back")
{
    Town town;
    const auto run = town.begin(town.a);
    town.b.is_paused = true;
    town.a.store.is_away = true;
    town.pass_looking(2 * Town::terms.term);
    town.a.store.is_away = false;
    town.look_around();
    CHECK(town.lease().epoch == 2);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
    CHECK(town.driver.objects().size() == 4);
}

TEST_CASE("a lease that is taken again waits for the calls of the one that was lost")
{
    Town town;
    town.a.scheduler.holds_answers = true;
    const auto run = town.submit(town.a, apply_request(shop()));
    REQUIRE(count_changes(town) == 1);
    town.b.is_paused = true;
    town.a.store.is_away = true;
    town.pass(2 * Town::terms.term);
    town.a.store.is_away = false;
    town.look_around();
    town.pass(Town::over);
    // Neither the run that is left nor one that is asked for now.
    std::optional<Result<EngineRunId>> second;
    town.a.engine->submit_async(apply_request(shop("2")), {}, [&](auto result) { second = std::move(result); });
    town.settle();
    CHECK(town.lease().epoch == 1);
    CHECK_FALSE(second.has_value());
    CHECK(count_changes(town) == 1);
    town.a.scheduler.holds_answers = false;
    town.a.scheduler.answer();
    town.pass(Milliseconds{1'000});
    CHECK(town.lease().epoch >= 2);
    CHECK(town.status(run).state == RunState::superseded);
    REQUIRE(second->has_value());
    CHECK(town.status(**second).state == RunState::succeeded);
    CHECK(town.driver.objects().size() == 4);
}

TEST_CASE("a refused renewal stops everything of its owner and of nobody else")
{
    Town town;
    town.a.scheduler.holds_calls = true;
    const auto lost = town.submit(town.a, apply_request(shop()));
    auto others = apply_request(shop());
    others.owner = OwnerId("env-2");
    const auto kept = town.submit(town.a, others);
    Batch thief;
    thief.owner = env_1;
    thief.epoch = 2;
    thief.lease = LeaseChange{1, Lease{env_1, "somebody", 2, Time{Milliseconds{1}}}};
    REQUIRE((*town.records.commit(std::span(&thief, 1)))[0].has_value());
    town.pass(Town::terms.term / 3 + moment);
    town.a.scheduler.holds_calls = false;
    town.pass(Milliseconds{1'000});
    CHECK(town.status(kept).state == RunState::succeeded);
    CHECK(town.status(lost).state == RunState::running);
    for (const auto& [name, object] : town.driver.objects()) CHECK(object.ref.mark.owner.str() == "env-2");
    CHECK(town.lease().holder == "somebody");
}

TEST_CASE("a commit whose answer was lost is found to be written, and the run goes on")
{
    // The first one begins the run, the others are somewhere in it.
    for (int commit = 0; commit < 5; ++commit) {
        CAPTURE(commit);
        Town town;
        int left = commit;
        std::function<void()> count = [&] {
            if (left-- == 0)
                town.a.store.loses_answer = true;
            else
                town.a.store.before_commit = count;
        };
        town.a.store.before_commit = count;
        auto request = apply_request(shop());
        request.id = EngineRunId("run-1");
        const auto answer = town.try_submit(town.a, request);
        CHECK(answer.has_value() == (commit > 0));
        // At once, but for the one that was said not to be accepted.
        if (commit == 0) town.look_around();
        town.pass(Milliseconds{3'000});
        CHECK(town.status(EngineRunId("run-1")).state == RunState::succeeded);
        CHECK(town.driver.objects().size() == 4);
        CHECK(town.is_free());
    }
}

TEST_CASE("what waits, and has begun by a commit whose answer was lost, is taken back when it is cancelled")
{
    Town town;
    const auto first = town.begin(town.a);
    auto request = apply_request(shop("2"));
    const EngineRunId second("run-second");
    request.id = second;
    bool has_begun = false;
    town.a.store.on_written = [&](const Batch& batch) {
        const auto run = std::ranges::find(batch.runs, second, &RunChange::id);
        if (run == batch.runs.end() || std::exchange(has_begun, true)) return;
        REQUIRE(run->status.state == RunState::running);
        town.a.store.loses_answer = true;
        town.a.engine->cancel_async(second, [](const Result<void>&) {});
    };
    town.submit(town.a, request);
    town.let_finish();
    town.pass(Milliseconds{3'000});
    CHECK(has_begun);
    CHECK(town.status(first).state == RunState::superseded);
    CHECK(town.status(second).state == RunState::cancelled);
    CHECK(town.driver.objects().empty());
    for (const auto& row : *town.records.list_resources(env_1)) CHECK(row.phase == Phase::gone);
    CHECK(town.is_free());
}

TEST_CASE("a renewal after a release whose answer was lost can be told from that release")
{
    Town town;
    const auto run = town.begin(town.a);
    // So that a renewal is as near to what was written before it as it may be.
    town.a.clock.wall_offset = -Milliseconds{60'000};
    std::vector<Lease> leases;
    town.a.store.on_written = [&](const Batch& batch) {
        if (!batch.lease) return;
        leases.push_back(batch.lease->to);
        if (!batch.lease->to.holder.empty() || town.a.store.loses_answer) return;
        town.a.store.loses_answer = true;
        town.steady += Town::terms.term / 3;
    };
    town.let_finish();
    town.pass(Town::terms.term / 3);
    CHECK(town.status(run).state == RunState::succeeded);
    CHECK(leases.size() >= 2);
    for (std::size_t next = 1; next < leases.size(); ++next) {
        CAPTURE(next);
        CHECK(leases[next].until > leases[next - 1].until);
    }
}

}  // namespace
}  // namespace ramet::engine

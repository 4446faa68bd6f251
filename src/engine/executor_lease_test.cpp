#include "fakes/engine_town.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

constexpr Milliseconds moment{50};

TEST_CASE("a lease is given back with the end of the last run, and the next server begins at once")
{
    Town town;
    const auto first = town.submit(town.a, apply_request(shop("1")));
    town.pass(Milliseconds{100});
    CHECK(town.status(first).state == RunState::succeeded);
    CHECK(town.lease().epoch == 1);
    CHECK(town.is_free());
    const auto second = town.submit(town.b, update_request(shop("2")));
    town.pass(Milliseconds{100});
    CHECK(town.status(second).state == RunState::succeeded);
    CHECK(town.lease().epoch == 2);
    CHECK(town.is_free());
    CHECK(town.driver.objects().size() == 4);
}

TEST_CASE("idle owners cost nothing")
{
    Town town;
    town.submit(town.a, apply_request(shop()));
    town.pass(Town::over);
    const auto commits = town.records.commits();
    const auto reads = town.a.store.reads + town.b.store.reads;
    town.pass_looking(Milliseconds{60'000});
    CHECK(town.a.store.reads + town.b.store.reads == reads);
    CHECK(town.records.commits() == commits);
}

TEST_CASE("the leases of all active runs are renewed in one commit, three times in a term")
{
    Town town;
    for (const auto* owner : {"env-1", "env-2", "env-3"}) {
        auto request = apply_request(shop());
        request.owner = OwnerId(owner);
        town.begin(town.a, request);
    }
    const auto until = town.lease("env-3").until;
    const auto before = town.a.store.commits;
    town.pass(2 * Town::terms.term);
    CHECK(town.a.store.commits - before >= 6);
    CHECK(town.a.store.commits - before <= 8);
    for (const auto* owner : {"env-1", "env-2", "env-3"}) CHECK(town.lease(owner).epoch == 1);
    CHECK(town.lease("env-3").until >= until + Town::terms.term);
}

TEST_CASE("what lives is never taken over, whatever the wall clocks say")
{
    for (const auto offset : {Milliseconds{0}, Milliseconds{86'400'000}, Milliseconds{-86'400'000}}) {
        Town town;
        town.b.clock.wall_offset = offset;
        const auto run = town.begin(town.a);
        town.pass_looking(5 * Town::over);
        CHECK(town.lease().epoch == 1);
        town.a.clock.wall_offset = -offset;
        town.pass_looking(5 * Town::over);
        CHECK(town.lease().epoch == 1);
        town.let_finish();
        CHECK(town.status(run).state == RunState::succeeded);
    }
}

TEST_CASE(
    "a dead holder's run is taken over when its lease was seen unchanged for its term and the margin, and not before")
{
    Town town;
    const auto run = town.begin(town.a);
    town.a.is_paused = true;
    const auto from = town.steady;
    while (town.lease().epoch == 1) {
        REQUIRE(town.steady < from + 2 * Town::over);
        town.look_around();
        town.pass(moment);
    }
    CHECK(town.steady >= from + Town::over);
    CHECK(town.steady <= from + Town::over + 2 * moment);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
    CHECK(town.driver.objects().size() == 4);
}

TEST_CASE("recover leaves what lives to its holder, and takes what is free")
{
    Town town;
    const auto run = town.begin(town.a);
    auto& c = town.start();
    std::optional<int> taken;
    c.engine->recover_async([&](const Result<int>& result) { taken = *result; });
    town.settle();
    CHECK(taken == 0);
    town.a.engine->stop();
    c.engine->recover_async([&](const Result<int>& result) { taken = *result; });
    town.settle();
    CHECK(taken == 1);
    CHECK(town.lease().epoch == 2);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
}

TEST_CASE("a holder that stood still for twice its lease writes nothing and calls nothing of its epoch")
{
    Town town;
    const auto run = town.begin(town.a);
    town.a.is_paused = true;
    town.pass_looking(2 * Town::over);
    REQUIRE(town.lease().epoch == 2);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
    const auto journal = town.records.load_journal(run)->size();
    const auto changes = town.driver.changes().size();
    town.a.is_paused = false;
    town.a.store.last_epoch = 0;
    town.pass_looking(2 * Town::over);
    CHECK(town.a.store.last_epoch == 0);
    CHECK(town.records.load_journal(run)->size() == journal);
    CHECK(town.driver.changes().size() == changes);
    CHECK(town.driver.objects().size() == 4);
}

TEST_CASE("a renewal between the look and the take-over keeps the lease")
{
    Town town;
    const auto run = town.begin(town.a);
    town.look_around();
    town.a.is_paused = true;
    town.pass(Town::over + moment);
    // It wakes up when the other one has decided and not written yet. Its own reckoning ended the lease; renewals of somebody with
    // a slower clock would look like this one.
    town.b.store.before_commit = [&] {
        Batch renewal;
        renewal.owner = env_1;
        renewal.epoch = 1;
        auto lease = town.lease();
        lease.until += Milliseconds{1};
        renewal.lease = LeaseChange{1, lease};
        REQUIRE((*town.records.commit(std::span(&renewal, 1)))[0].has_value());
    };
    town.b.engine->look(env_1);
    town.settle();
    CHECK(town.lease().epoch == 1);
    CHECK(town.status(run).state == RunState::running);
    // And from here on it is watched anew.
    town.pass_looking(Town::over - Milliseconds{1'000});
    CHECK(town.lease().epoch == 1);
    town.pass_looking(Milliseconds{3'000});
    CHECK(town.lease().epoch == 2);
}

TEST_CASE("of two servers that begin for one owner at the same moment one is first, and the other's run waits for it")
{
    Town town;
    EngineRunId quicker;
    town.a.store.before_commit = [&] { quicker = town.begin(town.b, apply_request(shop("1"))); };
    const auto slower = town.submit(town.a, apply_request(shop("2")));
    CHECK(town.lease().epoch == 1);
    CHECK(town.status(slower).state == RunState::queued);
    CHECK(town.status(quicker).state == RunState::running);
    town.b.engine->look(env_1);
    town.let_finish();
    CHECK(town.status(quicker).state == RunState::superseded);
    CHECK(town.status(slower).state == RunState::succeeded);
}

TEST_CASE("a server that stops gives back what it holds, and its runs go on elsewhere at once")
{
    Town town;
    const auto run = town.begin(town.a);
    town.a.engine->stop();
    CHECK(town.is_free());
    town.look_around();
    CHECK(town.lease().epoch == 2);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
    CHECK(town.driver.objects().size() == 4);
}

}  // namespace
}  // namespace ramet::engine

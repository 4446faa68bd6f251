#include "engine/plan.hpp"
#include "fakes/engine_town.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

TEST_CASE("a run that another server queues supersedes the one that runs as soon as its holder looks")
{
    Town town;
    const auto first = town.begin(town.a);
    const auto second = town.submit(town.b, apply_request(shop("2")));
    CHECK(town.status(second).state == RunState::queued);
    town.pass(Milliseconds{1'000});
    CHECK(town.status(first).state == RunState::running);
    town.driver.delay("database/db", 0);
    town.a.engine->look(env_1);
    town.pass(Milliseconds{1'000});
    CHECK(town.status(first).state == RunState::superseded);
    CHECK(town.status(first).superseded_by == second);
    CHECK(town.status(second).state == RunState::succeeded);
    CHECK(get_string(town.driver.object("service/api").ref.spec, "version") == "2");
    CHECK(town.lease().epoch == 1);
}

TEST_CASE("what nobody was told of is noticed by the question that is asked every few seconds")
{
    Town town;
    const auto first = town.begin(town.a);
    const auto second = town.submit(town.b, apply_request(shop("2")));
    town.driver.delay("database/db", 1'000'000);
    town.look_around();
    CHECK(town.status(first).state == RunState::superseded);
    CHECK(town.status(second).state == RunState::running);
    CHECK(town.cancel(town.b, second).has_value());
    CHECK(town.status(second).state == RunState::running);
    town.look_around();
    town.pass(Milliseconds{1'000});
    CHECK(town.status(second).state == RunState::cancelled);
    CHECK(town.is_free());
}

TEST_CASE("a look that is called for nothing reads once and changes nothing")
{
    Town town;
    const auto run = town.begin(town.a);
    const auto commits = town.records.commits();
    const auto reads = town.a.store.reads + town.b.store.reads;
    for (int times = 0; times < 100; ++times) {
        town.a.engine->look(env_1);
        town.b.engine->look(env_1);
        town.a.engine->look(OwnerId("env-of-nobody"));
    }
    town.settle();
    CHECK(town.records.commits() == commits);
    CHECK(town.a.store.reads + town.b.store.reads == reads + 3);
    town.let_finish();
    CHECK(town.status(run).state == RunState::succeeded);
}

TEST_CASE("of many pushes through several servers only the last is applied besides the one that runs")
{
    Town town;
    auto& c = town.start();
    std::vector<EngineRunId> runs{town.begin(town.a, apply_request(shop("0"), 1))};
    for (int push = 1; push <= 20; ++push)
        runs.push_back(town.submit(push % 3 == 0   ? town.a
                                   : push % 3 == 1 ? town.b
                                                   : c,
                                   apply_request(shop(std::to_string(push)), push + 1)));
    town.driver.delay("database/db", 0);
    town.look_around();
    town.pass(Milliseconds{1'000});
    CHECK(town.status(runs.back()).state == RunState::succeeded);
    for (std::size_t run = 0; run + 1 < runs.size(); ++run) CHECK(town.status(runs[run]).state == RunState::superseded);
    CHECK(get_string(town.driver.object("service/api").ref.spec, "version") == "20");
    CHECK(town.is_free());
}

TEST_CASE("the newest generation wins, in whatever order the servers queued them")
{
    Town town;
    const auto first = town.begin(town.a, apply_request(shop("1"), 1));
    // The other one decides on what it read before this one is written.
    EngineRunId newest;
    town.b.store.before_commit = [&] {
        Batch queued;
        queued.owner = env_1;
        queued.new_run = (*town.records.list_runs(env_1, 1)).front();
        queued.new_run->id = newest = EngineRunId("run-newest");
        queued.new_run->generation = 3;
        queued.new_run->request = to_json(apply_request(shop("3"), 3));
        queued.new_run->status = RunStatus{};
        REQUIRE((*town.records.commit(std::span(&queued, 1)))[0].has_value());
    };
    const auto older = town.submit(town.b, apply_request(shop("2"), 2));
    town.a.engine->look(env_1);
    town.let_finish();
    CHECK(town.status(first).state == RunState::superseded);
    CHECK(town.status(older).state == RunState::superseded);
    CHECK(town.status(older).superseded_by == newest);
    CHECK(town.status(newest).state == RunState::succeeded);
}

TEST_CASE("a destroy that another server asks for beats what runs, and an apply after it waits")
{
    Town town;
    const auto create = town.begin(town.a);
    const auto destroy = town.submit(town.b, destroy_request());
    const auto again = town.submit(town.b, apply_request(shop("2")));
    town.a.engine->look(env_1);
    town.let_finish();
    CHECK(town.status(create).state == RunState::superseded);
    CHECK(town.status(destroy).state == RunState::succeeded);
    CHECK(town.status(again).state == RunState::succeeded);
    CHECK(town.driver.object("database/db").ref.incarnation == 2);
}

TEST_CASE("a cancel through another server is on disk when it is answered, and done when the holder looks")
{
    Town town;
    const auto run = town.begin(town.a);
    CHECK(town.cancel(town.b, run).has_value());
    CHECK(town.status(run).cancel == CancelRequest::requested);
    CHECK(town.status(run).state == RunState::running);
    town.a.engine->look(env_1);
    town.pass(Milliseconds{1'000});
    CHECK(town.status(run).state == RunState::cancelled);
    CHECK(town.driver.objects().empty());
    CHECK(town.cancel(town.b, run).error().kind == ErrorKind::conflict);
    CHECK(town.cancel(town.b, EngineRunId("none")).error().kind == ErrorKind::not_found);
}

TEST_CASE("a run that waits is cancelled through another server before it began")
{
    Town town;
    const auto destroy = town.begin(town.a, apply_request(shop("1")));
    const auto waits = town.submit(town.b, apply_request(shop("2")));
    CHECK(town.cancel(town.b, waits).has_value());
    town.a.engine->look(env_1);
    town.let_finish();
    CHECK(town.status(waits).state == RunState::cancelled);
    CHECK(town.records.load_journal(waits)->empty());
    CHECK(town.status(destroy).state == RunState::succeeded);
}

TEST_CASE("a cancel whose holder died takes effect where the run is taken over")
{
    Town town;
    const auto run = town.begin(town.a);
    town.a.is_paused = true;
    CHECK(town.cancel(town.b, run).has_value());
    town.pass_looking(2 * Town::over);
    CHECK(town.status(run).state == RunState::cancelled);
    CHECK(town.driver.objects().empty());
}

TEST_CASE("a cancel that comes too late changes nothing, also after a take-over")
{
    Town town;
    town.submit(town.a, apply_request(shop()));
    town.pass(Milliseconds{100});
    town.driver.fail("remove database/db", Error{ErrorKind::unavailable, "busy"}, 1'000);
    const auto destroy = town.submit(town.a, destroy_request());
    CHECK(town.cancel(town.b, destroy).error().kind == ErrorKind::conflict);
    // Asked for before anybody knew that it had begun.
    Batch asks;
    asks.owner = env_1;
    asks.cancels = {destroy};
    REQUIRE((*town.records.commit(std::span(&asks, 1)))[0].has_value());
    town.look_around();
    town.a.is_paused = true;
    town.pass_looking(2 * Town::over);
    REQUIRE(town.lease().epoch > 2);
    town.driver.fail("remove database/db", Error{}, 0);
    town.pass_looking(Milliseconds{60'000});
    CHECK(town.status(destroy).state == RunState::succeeded);
    CHECK(town.driver.objects().empty());
}

TEST_CASE("waiting for a run of another server ends with it")
{
    Town town;
    const auto run = town.begin(town.a);
    CHECK((*town.b.engine->find_run(run))->state == RunState::running);
    CHECK(town.b.engine->preview(apply_request(shop("2")))->steps.size() == 4);
    CHECK(town.b.engine->wait(run, Milliseconds{1}).error().kind == ErrorKind::timeout);
    CHECK(town.b.engine->wait(EngineRunId("none"), Milliseconds{1}).error().kind == ErrorKind::not_found);
    std::optional<RunState> end;
    std::thread waiter([&] {
        const auto view = town.b.engine->wait(run, patience);
        if (view) end = view->state;
    });
    town.let_finish();
    town.b.engine->look(env_1);
    town.settle();
    waiter.join();
    CHECK(end == RunState::succeeded);
}

TEST_CASE("a sweep leaves alone what belongs to an owner that another server holds")
{
    for (const bool is_held : {true, false}) {
        CAPTURE(is_held);
        Town town;
        town.submit(town.a, apply_request(shop()));
        town.pass(Milliseconds{100});
        auto object = town.driver.object("service/web");
        town.submit(town.a, destroy_request());
        town.pass(Milliseconds{100});
        REQUIRE(town.driver.objects().empty());
        town.driver.put(object.ref.name, object);
        if (is_held) town.begin(town.a);
        std::optional<SweepReport> report;
        for (int times = 0; times < 2; ++times) {
            town.b.engine->sweep_async({}, [&](const Result<SweepReport>& result) { report = *result; });
            town.pass(Milliseconds{1'000});
        }
        CHECK(report->findings.size() == (is_held ? 0 : 1));
        CHECK(report->runs.size() == (is_held ? 0 : 1));
        CHECK(town.driver.has("service/web") == is_held);
    }
}

TEST_CASE("who comes into the lane in the moment in which it ends is answered")
{
    Town town;
    town.a.scheduler.drops_writes = true;
    std::optional<Result<int>> looked;
    town.a.engine->look_for_abandoned_async([&](auto result) { looked = std::move(result); });
    CHECK_FALSE(looked.has_value());
    town.a.engine->stop();
    REQUIRE(looked.has_value());
    CHECK(looked->error().kind == ErrorKind::unavailable);
}

}  // namespace
}  // namespace ramet::engine

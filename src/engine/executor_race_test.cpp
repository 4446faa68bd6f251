#include "fakes/engine_house.hpp"

namespace ramet::engine {
namespace {

using namespace testing;

TEST_CASE("cancel takes back a run that waits")
{
    House house;
    house.driver.block("service/api");
    const auto run = house.submit(apply_request(shop()));
    house.until([&] { return house.waits_for(run, "service/api", StepState::in_flight); });
    CHECK(house.engine->cancel(run).has_value());
    CHECK(house.end_of(run).state == RunState::cancelled);
    CHECK(house.driver.objects().empty());
    CHECK(house.engine->cancel(run).error().kind == ErrorKind::conflict);
    CHECK(house.engine->cancel(EngineRunId("none")).error().kind == ErrorKind::not_found);
}

TEST_CASE("a newer generation takes over and keeps what is unchanged")
{
    House house;
    house.driver.delay("database/db", 1'000'000);
    const auto first = house.submit(apply_request(shop("1"), 1));
    house.until([&] { return house.waits_for(first, "database/db", StepState::waiting); });
    const auto database = house.driver.object("database/db").identity;
    house.driver.delay("database/db", 0);
    const auto second = house.submit(apply_request(shop("2"), 2));
    CHECK(house.end_of(first).state == RunState::superseded);
    CHECK(house.end_of(first).superseded_by == second);
    CHECK(house.end_of(second).state == RunState::succeeded);
    CHECK(house.driver.object("database/db").identity == database);
    CHECK(house.engine->submit(apply_request(shop(), 1)).error().kind == ErrorKind::conflict);
}

TEST_CASE("of many pushes at once only the last one is applied besides the one that runs")
{
    House house;
    house.driver.block("database/db");
    const auto first = house.submit(apply_request(shop("0"), 1));
    std::vector<EngineRunId> runs;
    for (int push = 1; push <= 20; ++push)
        runs.push_back(house.submit(apply_request(shop(std::to_string(push)), push + 1)));
    house.driver.release("database/db");
    CHECK(house.end_of(runs.back()).state == RunState::succeeded);
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "20");
    for (std::size_t run = 0; run + 1 < runs.size(); ++run)
        CHECK(house.end_of(runs[run]).state == RunState::superseded);
    CHECK(house.end_of(first).state == RunState::superseded);
}

TEST_CASE("a destroy overtakes a create at once and leaves nothing")
{
    House house;
    house.driver.block("service/api");
    const auto create = house.submit(apply_request(shop()));
    house.until([&] { return house.waits_for(create, "service/api", StepState::in_flight); });
    const auto destroy = house.submit(destroy_request());
    CHECK(house.end_of(destroy).state == RunState::succeeded);
    CHECK(house.end_of(create).state == RunState::superseded);
    CHECK(house.driver.objects().empty());
}

TEST_CASE("a create that arrives during a destroy waits for its end")
{
    House house;
    house.run(apply_request(shop()));
    house.driver.fail("remove database/db", Error{ErrorKind::unavailable, "busy"}, 2);
    const auto destroy = house.submit(destroy_request());
    const auto create = house.submit(apply_request(shop()));
    CHECK(house.end_of(create).state == RunState::succeeded);
    CHECK(house.end_of(destroy).state == RunState::succeeded);
    CHECK(house.driver.objects().size() == 4);
    for (const auto& [name, object] : house.driver.objects()) CHECK(object.ref.incarnation == 2);
}

TEST_CASE("the next process goes on where the last one stopped, and finds what was in flight")
{
    for (const bool answer_was_lost : {false, true}) {
        House house;
        house.driver.block("service/api");
        const auto run = house.submit(apply_request(shop()));
        house.until([&] { return house.waits_for(run, "service/api", StepState::in_flight); });
        house.restart();
        house.driver.release("service/api");
        if (answer_was_lost) house.driver.lose_answer("probe service/api");
        CHECK(*house.engine->recover() == 1);
        CHECK(house.end_of(run).state == RunState::succeeded);
        CHECK(house.driver.objects().size() == 4);
        CHECK(house.store.load_owner(OwnerId("env-1"))->lease.epoch == 2);
    }
}

TEST_CASE("the caller's own rows stand and fall with the run")
{
    House house;
    const auto refuse = [](Transaction&) -> Result<void> { return fail(ErrorKind::refused, "limit of 3 reached"); };
    const auto refused = house.engine->submit(apply_request(shop()), refuse);
    CHECK(refused.error().message == "limit of 3 reached");
    CHECK(house.driver.calls() == 0);
    bool written = false;
    const auto accepted = house.engine->submit(apply_request(shop()), [&](Transaction&) -> Result<void> {
        written = true;
        return {};
    });
    CHECK(written);
    CHECK(house.end_of(*accepted).state == RunState::succeeded);
}

TEST_CASE("a store that fails for a while delays a run and loses nothing")
{
    House house;
    const auto run = house.submit(apply_request(shop()));
    house.store.fail_commits(2, Error{ErrorKind::unavailable, "disk full"});
    CHECK(house.end_of(run).state == RunState::succeeded);
    house.store.fail_commits(1, Error{ErrorKind::unavailable, "disk full"});
    CHECK(house.engine->submit(apply_request(shop("2"))).error().message == "disk full");
}

TEST_CASE("a graph that cannot be is refused before anything is written")
{
    House house;
    auto graph = shop();
    graph.nodes[0].needs = {"service/web"};
    CHECK(house.engine->submit(apply_request(graph)).error().kind == ErrorKind::invalid);
    graph = shop();
    graph.nodes[0].kind = "unheard of";
    CHECK(house.engine->submit(apply_request(graph)).error().kind == ErrorKind::invalid);
    CHECK(house.engine->list_runs(OwnerId("env-1"))->empty());
}

TEST_CASE("40 chained steps need 41 commits")
{
    House house;
    Graph chain;
    for (int step = 0; step < 40; ++step)
        chain.nodes.push_back(
            node("step/" + std::to_string(step),
                 step == 0 ? std::vector<std::string>{} : std::vector{"step/" + std::to_string(step - 1)}));
    const auto before = house.store.commits();
    CHECK(house.run(apply_request(chain)).state == RunState::succeeded);
    CHECK(house.store.commits() - before <= 41);
}

TEST_CASE("many runs of many owners share threads and commits")
{
    House house;
    std::vector<EngineRunId> runs;
    for (int owner = 0; owner < 100; ++owner) {
        auto request = apply_request(shop());
        request.owner = OwnerId("env-" + std::to_string(owner));
        runs.push_back(house.submit(request));
    }
    for (const auto& run : runs) CHECK(house.end_of(run).state == RunState::succeeded);
    CHECK(house.driver.objects().size() == 400);
}

TEST_CASE("the observer hears every change of the run, in order")
{
    std::mutex mutex;
    std::vector<std::string> heard;
    House house;
    house.options.observer = [&](const Change& change) {
        const std::lock_guard lock(mutex);
        if (!change.step) heard.emplace_back(to_string(change.state));
    };
    house.restart();
    house.run(apply_request(shop()));
    house.until([&] {
        const std::lock_guard lock(mutex);
        return !heard.empty() && heard.back() == "succeeded";
    });
    CHECK(heard.front() == "running");
}

TEST_CASE("preview says what a run would do and does nothing")
{
    House house;
    const auto view = house.engine->preview(apply_request(shop()));
    CHECK(view->steps.size() == 4);
    CHECK(view->steps[0].action == StepAction::create);
    CHECK(house.driver.calls() == 0);
    CHECK(house.store.commits() == 0);
}

}  // namespace
}  // namespace ramet::engine

#include "engine/executor.hpp"

#include "engine/thread_scheduler.hpp"
#include "fakes/memory_driver.hpp"
#include "fakes/memory_run_store.hpp"

#include <doctest/doctest.h>

#include <thread>

namespace ramet::engine {
namespace {

constexpr Milliseconds patience{20'000};

Node node(const std::string& path, std::vector<std::string> needs = {}, Json spec = json::object{})
{
    return Node{path, "thing", std::move(spec), std::move(needs), {"address", "revision"}};
}

/// database ← api ← web, worker; web knows api's address.
Graph shop(const std::string& version = "1")
{
    const Json api_address = json::object{{"$out", json::array{"service/api", "address"}}};
    return Graph{{node("database/db"), node("service/api", {"database/db"}, json::object{{"version", version}}),
                  node("service/web", {"service/api"}, json::object{{"api", api_address}}),
                  node("service/worker", {"database/db"}, json::object{{"version", "1"}})}};
}

RunRequest apply_request(Graph graph, std::int64_t generation = 0)
{
    RunRequest request;
    request.owner = OwnerId("env-1");
    request.generation = generation;
    request.graph = std::move(graph);
    return request;
}

RunRequest update_request(Graph graph)
{
    auto request = apply_request(std::move(graph));
    request.on_failure = FailurePolicy::keep_last_good;
    return request;
}

RunRequest destroy_request()
{
    RunRequest request;
    request.owner = OwnerId("env-1");
    request.kind = RunKind::destroy;
    request.note = json::object{{"name", "pr-42"}};
    return request;
}

/// A whole engine on real threads; `restart` ends it and starts another on the same records and provider.
struct House {
    SystemClock clock;
    SystemRandom random;
    fakes::MemoryRunStore store;
    fakes::MemoryDriver driver;
    Drivers drivers{{"thing", &driver}};
    std::unique_ptr<ThreadScheduler> scheduler;
    std::unique_ptr<Engine> engine;
    EngineOptions options;

    House()
    {
        options.install = "install-1";
        options.budgets.first_delay = Milliseconds{2};
        options.budgets.longest_delay = Milliseconds{10};
        options.budgets.undo_attempts = 4;
        restart();
    }

    ~House() { engine.reset(); }

    void restart()
    {
        engine.reset();
        scheduler = std::make_unique<ThreadScheduler>(clock);
        engine = std::make_unique<Engine>(World{clock, random, store, drivers, *scheduler}, options);
    }

    EngineRunId submit(const RunRequest& request)
    {
        const auto run = engine->submit(request);
        REQUIRE_MESSAGE(run.has_value(), run.error().message);
        return *run;
    }

    RunView end_of(const EngineRunId& run)
    {
        const auto view = engine->wait(run, patience);
        REQUIRE_MESSAGE(view.has_value(), view.error().message);
        return *view;
    }

    RunView run(const RunRequest& request) { return end_of(submit(request)); }

    std::vector<ResourceView> resources() { return engine->list_resources(OwnerId("env-1")).value(); }

    template <typename Condition>
    void until(const Condition& condition)
    {
        const auto end = clock.monotonic() + patience;
        while (!condition() && clock.monotonic() < end) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        REQUIRE(condition());
    }

    bool waits_for(const EngineRunId& run, const std::string& path, StepState state)
    {
        const auto view = engine->find_run(run);
        for (const auto& step : (*view)->steps)
            if (step.path == path && step.state == state) return true;
        return false;
    }
};

TEST_CASE("a first create makes everything in the order of its needs")
{
    House house;
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::succeeded);
    CHECK(run.steps.size() == 4);
    for (const auto& step : run.steps) CHECK(step.state == StepState::done);
    CHECK(house.driver.objects().size() == 4);
    CHECK(house.driver.changes().front() == "apply database/db");
    const auto web = house.driver.object("service/web");
    CHECK(get_string(web.ref.spec, "api") == house.driver.object("service/api").ref.name + ":1");
    for (const auto& row : house.resources()) CHECK(row.phase == Phase::live);
}

TEST_CASE("an unchanged graph is a plan of nothing and calls no driver")
{
    House house;
    house.run(apply_request(shop()));
    const auto calls = house.driver.calls();
    const auto again = house.run(apply_request(shop()));
    CHECK(again.state == RunState::succeeded);
    CHECK(house.driver.calls() == calls);
    for (const auto& step : again.steps) CHECK(step.action == StepAction::keep);
}

TEST_CASE("a changed spec is applied where it changed, and to what follows from it")
{
    House house;
    house.run(apply_request(shop("1")));
    const auto before = house.driver.changes().size();
    CHECK(house.run(update_request(shop("2"))).state == RunState::succeeded);
    const auto changes = house.driver.changes();
    // The address of api stays the same, so that web is not touched.
    CHECK(std::vector<std::string>(changes.begin() + static_cast<std::ptrdiff_t>(before), changes.end()) ==
          std::vector<std::string>{"apply service/api"});
}

TEST_CASE("a replacement is made beside the old one, takes its successors, and then the old one goes")
{
    House house;
    auto graph = shop();
    graph.nodes[1].spec = json::object{{"replace", "a"}};
    house.run(apply_request(graph));
    const auto old_name = house.driver.object("service/api").ref.name;
    graph.nodes[1].spec = json::object{{"replace", "b"}};
    const auto before = house.driver.changes().size();
    CHECK(house.run(update_request(graph)).state == RunState::succeeded);
    const auto changes = house.driver.changes();
    CHECK(std::vector<std::string>(changes.begin() + static_cast<std::ptrdiff_t>(before), changes.end()) ==
          std::vector<std::string>{"apply service/api", "apply service/web", "remove service/api"});
    CHECK_FALSE(house.driver.objects().contains(old_name));
    CHECK(get_string(house.driver.object("service/web").ref.spec, "api") ==
          house.driver.object("service/api").ref.name + ":1");
}

TEST_CASE("what the graph no longer has is removed after everything else is done")
{
    House house;
    house.run(apply_request(shop("1")));
    auto graph = shop("2");
    graph.nodes.pop_back();
    CHECK(house.run(update_request(graph)).state == RunState::succeeded);
    CHECK_FALSE(house.driver.has("service/worker"));
    CHECK(house.driver.changes().back() == "remove service/worker");
}

TEST_CASE("a first create that fails is taken back in reverse order")
{
    House house;
    house.driver.break_down("service/web");
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->message == "service/web ended with code 1");
    CHECK(run.error->evidence == "last line of its log");
    CHECK(house.driver.objects().empty());
    CHECK(house.driver.changes().back() == "remove database/db");
    for (const auto& row : house.resources()) CHECK(row.phase == Phase::gone);
}

TEST_CASE("each step's failure unwinds, whichever it is and however it fails")
{
    const std::vector<std::string> paths{"database/db", "service/api", "service/web", "service/worker"};
    for (const auto& path : paths)
        for (const auto* how : {"terminal", "answer lost and terminal", "breaks down"}) {
            CAPTURE(path);
            CAPTURE(how);
            House house;
            house.driver.delay("service/worker", 3);
            if (std::string_view(how) == "terminal")
                house.driver.fail("apply " + path, Error{ErrorKind::invalid, "no"});
            if (std::string_view(how) == "breaks down") house.driver.break_down(path);
            if (std::string_view(how) == "answer lost and terminal") {
                house.driver.lose_answer("apply " + path);
                house.driver.break_down(path);
            }
            CHECK(house.run(apply_request(shop())).state == RunState::rolled_back);
            CHECK(house.driver.objects().empty());
        }
}

TEST_CASE("a failed create can be kept for a look, and is then taken back")
{
    House house;
    house.driver.break_down("service/web");
    auto request = apply_request(shop());
    request.keep_failed = Milliseconds{80};
    const auto run = house.submit(request);
    CHECK(house.end_of(run).state == RunState::kept);
    CHECK(house.driver.has("service/api"));
    house.until([&] { return (*house.engine->find_run(run))->state == RunState::rolled_back; });
    CHECK(house.driver.objects().empty());
}

TEST_CASE("a failed update returns to the last good spec and removes only what it made")
{
    House house;
    house.run(apply_request(shop("1")));
    auto graph = shop("2");
    graph.nodes.push_back(node("service/new", {"database/db"}));
    graph.nodes.push_back(node("service/after", {"service/new", "service/api"}));
    house.driver.break_down("service/after");
    const auto run = house.run(update_request(graph));
    CHECK(run.state == RunState::rolled_back);
    CHECK(house.driver.objects().size() == 4);
    // It was updated, it works, and nothing that was taken back is under it: it stays.
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "2");
}

TEST_CASE("a step whose update fails is put back")
{
    House house;
    house.run(apply_request(shop("1")));
    house.driver.fail("apply service/api", Error{ErrorKind::invalid, "bad image"});
    CHECK(house.run(update_request(shop("2"))).state == RunState::rolled_back);
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "1");
    CHECK(house.driver.objects().size() == 4);
    // And the next push is an update again.
    CHECK(house.run(update_request(shop("2"))).state == RunState::succeeded);
    CHECK(get_string(house.driver.object("service/api").ref.spec, "version") == "2");
}

TEST_CASE("transient errors and lost answers do not fail a run and make nothing twice")
{
    const Error throttled{ErrorKind::unavailable, "slow down"};
    const Error timed_out{ErrorKind::timeout, "no answer"};
    for (const auto* verb : {"apply", "await"}) {
        House house;
        house.driver.fail(std::string(verb) + " service/api", throttled, 3);
        house.driver.fail(std::string(verb) + " service/web", timed_out, 2);
        house.driver.lose_answer("apply database/db", 2);
        CHECK(house.run(apply_request(shop())).state == RunState::succeeded);
        CHECK(house.driver.objects().size() == 4);
    }
}

TEST_CASE("a transient error for ever spends its budget and fails with the provider's words")
{
    House house;
    house.driver.fail("apply service/web", Error{ErrorKind::unavailable, "slow down", "quota of 5"}, 1000);
    const auto run = house.run(apply_request(shop()));
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->evidence == "quota of 5");
    CHECK(house.driver.objects().empty());
}

TEST_CASE("destroy removes dependents first, observes absence and leaves a receipt")
{
    House house;
    house.run(apply_request(shop()));
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::succeeded);
    CHECK(house.driver.objects().empty());
    CHECK(house.driver.changes().back() == "remove database/db");
    const auto receipt = house.engine->find_receipt(OwnerId("env-1"));
    REQUIRE(receipt->has_value());
    CHECK((*receipt)->name == "pr-42");
    CHECK((*receipt)->resources.size() == 4);
    CHECK((*receipt)->hash == hash_of(**receipt));
}

TEST_CASE("before-delete nodes run first, best effort, and are removed as well")
{
    for (const bool fails : {false, true}) {
        House house;
        house.run(apply_request(shop()));
        auto request = destroy_request();
        const Json address = json::object{{"$out", json::array{"database/db", "address"}}};
        request.graph.nodes = {node("job/export", {"database/db"}, json::object{{"database", address}})};
        if (fails) house.driver.break_down("job/export");
        const auto before = house.driver.changes().size();
        CHECK(house.run(request).state == RunState::succeeded);
        CHECK(house.driver.changes()[before] == "apply job/export");
        CHECK(house.driver.objects().empty());
        CHECK((*house.engine->find_receipt(OwnerId("env-1")))->resources.size() == 5);
    }
}

TEST_CASE("a removal that cannot be done asks for a human, and the next destroy finishes it")
{
    House house;
    house.run(apply_request(shop()));
    house.driver.fail("remove service/api", Error{ErrorKind::forbidden, "no right to delete"}, 1);
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::needs_human);
    CHECK(run.error->message == "no right to delete");
    CHECK(house.driver.has("database/db"));
    CHECK(house.run(destroy_request()).state == RunState::succeeded);
    CHECK(house.driver.objects().empty());
}

TEST_CASE("what is not ours is never changed and never removed")
{
    House house;
    house.run(apply_request(shop()));
    auto stolen = house.driver.object("service/web");
    stolen.ref.mark.nonce = "somebody else's";
    house.driver.put(stolen.ref.name, stolen);
    CHECK(house.run(destroy_request()).state == RunState::succeeded);
    CHECK(house.driver.objects().size() == 1);
}

TEST_CASE("a copied mark on another object stops the removal")
{
    House house;
    house.run(apply_request(shop()));
    auto copy = house.driver.object("service/web");
    copy.identity = "another one";
    house.driver.put(copy.ref.name, copy);
    const auto run = house.run(destroy_request());
    CHECK(run.state == RunState::needs_human);
    CHECK(house.driver.has("service/web"));
}

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

TEST_CASE("a run that takes too long fails with what it waited for")
{
    House house;
    house.driver.delay("service/web", 1'000'000);
    auto request = apply_request(shop());
    request.timeout = Milliseconds{100};
    const auto run = house.run(request);
    CHECK(run.state == RunState::rolled_back);
    CHECK(run.error->kind == ErrorKind::timeout);
    CHECK(run.error->evidence.find("service/web (warming up)") != std::string::npos);
    CHECK(house.driver.objects().empty());
}

TEST_CASE("what is observed absent is made again when asked to look")
{
    House house;
    house.run(apply_request(shop()));
    house.driver.erase(house.driver.object("service/api").ref.name);
    auto request = update_request(shop());
    request.probe_all = true;
    CHECK(house.run(request).state == RunState::succeeded);
    CHECK(house.driver.object("service/api").ref.incarnation == 2);
    CHECK(get_string(house.driver.object("service/web").ref.spec, "api") ==
          house.driver.object("service/api").ref.name + ":1");
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

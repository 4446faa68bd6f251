#include "engine/executor.hpp"
#include "engine/thread_scheduler.hpp"
#include "fakes/memory_driver.hpp"
#include "fakes/memory_run_store.hpp"

#include <doctest/doctest.h>

namespace ramet::engine {
namespace {

constexpr Milliseconds patience{20'000};

/// An engine whose provider kept something that was removed long ago.
struct House {
    SystemClock clock;
    SystemRandom random;
    fakes::MemoryRunStore store;
    fakes::MemoryDriver driver;
    Drivers drivers{{"thing", &driver}};
    ThreadScheduler scheduler{clock};
    Engine engine{World{clock, random, store, drivers, scheduler}, EngineOptions{.install = "install-1"}};

    void run(RunKind kind, int things)
    {
        RunRequest request;
        request.owner = OwnerId("env-1");
        request.kind = kind;
        for (int thing = 0; thing < things; ++thing)
            request.graph.nodes.push_back(Node{"thing/" + std::to_string(thing), "thing", json::object{}});
        const auto run = engine.submit(request);
        REQUIRE(run.has_value());
        REQUIRE(engine.wait(*run, patience)->state == RunState::succeeded);
    }

    /// `orphans` things that the ledger has closed are there again, besides `living` that are as they should be.
    void leave_orphans(int orphans, int living)
    {
        run(RunKind::apply, orphans + living);
        const auto before = driver.objects();
        run(RunKind::apply, living);
        for (const auto& [name, object] : before)
            if (!driver.objects().contains(name)) driver.put(name, object);
        REQUIRE(driver.objects().size() == before.size());
    }
};

TEST_CASE("an orphan is removed when a second sweep sees it, and not by a dry run")
{
    House house;
    house.leave_orphans(1, 2);
    const auto first = house.engine.sweep({});
    REQUIRE(first->findings.size() == 1);
    CHECK(first->findings[0].verdict == "orphan");
    CHECK(first->removed == 0);
    CHECK(house.engine.sweep({.dry_run = true})->removed == 0);
    CHECK(house.driver.objects().size() == 3);
    CHECK(house.engine.sweep({})->removed == 1);
    CHECK(house.driver.objects().size() == 2);
    CHECK(house.engine.sweep({})->findings.empty());
}

TEST_CASE("the removal of an orphan is a run of its owner, and its row is closed again")
{
    House house;
    house.leave_orphans(1, 1);
    house.engine.sweep({});
    house.engine.sweep({});
    const auto runs = house.engine.list_runs(OwnerId("env-1")).value();
    CHECK(runs.front().kind == RunKind::sweep);
    CHECK(runs.front().state == RunState::succeeded);
    const auto rows = house.engine.list_resources(OwnerId("env-1")).value();
    for (const auto& row : rows) CHECK((row.phase == Phase::gone) == (row.ref.path == "thing/1"));
    // And the owner goes on as before.
    house.run(RunKind::apply, 2);
}

TEST_CASE("an orphan that cannot be removed stays an orphan for the next sweep")
{
    House house;
    house.leave_orphans(2, 1);
    house.engine.sweep({});
    house.driver.fail("remove thing/2", Error{ErrorKind::refused, "it is held"}, 1);
    CHECK(house.engine.sweep({})->removed == 1);
    CHECK(house.engine.list_runs(OwnerId("env-1")).value().front().state == RunState::needs_human);
    const auto left = house.engine.sweep({.dry_run = true});
    REQUIRE(left->findings.size() == 1);
    CHECK(left->findings[0].verdict == "orphan");
    CHECK(house.engine.sweep({})->removed == 1);
    CHECK(house.engine.sweep({})->findings.empty());
    CHECK(house.driver.objects().size() == 1);
}

TEST_CASE("a step that is tried again says why")
{
    House house;
    house.run(RunKind::apply, 1);
    house.driver.fail("remove thing/0", Error{ErrorKind::unavailable, "too many open files"}, 4);
    RunRequest request;
    request.owner = OwnerId("env-1");
    request.kind = RunKind::destroy;
    const auto run = house.engine.submit(request).value();
    bool was_told = false;
    while (true) {
        const auto view = house.engine.find_run(run)->value();
        was_told |= !view.steps.empty() && view.steps[0].waiting_for == "too many open files";
        if (is_final(view.state)) break;
    }
    CHECK(was_told);
    const auto ended = house.engine.find_run(run)->value();
    CHECK(ended.state == RunState::succeeded);
    CHECK(ended.steps[0].waiting_for.empty());
}

TEST_CASE("what has our mark but no INTENT of ours is reported and never deleted")
{
    House house;
    house.leave_orphans(0, 1);
    auto copy = house.driver.object("thing/0");
    copy.ref.name = "copied";
    house.driver.put("copied", copy);
    for (int sweep = 0; sweep < 3; ++sweep) {
        const auto report = house.engine.sweep({.confirmed = true});
        REQUIRE(report->findings.size() == 1);
        CHECK(report->findings[0].verdict == "unmatched");
        CHECK(report->removed == 0);
    }
    CHECK(house.driver.objects().contains("copied"));
}

TEST_CASE("another identity under a closed name, and another install, are left alone")
{
    House house;
    house.leave_orphans(1, 0);
    auto object = house.driver.object("thing/0");
    object.identity = "somebody made it anew";
    house.driver.put(object.ref.name, object);
    house.engine.sweep({});
    CHECK(house.engine.sweep({})->removed == 0);
    object.ref.mark.install = "install-2";
    house.driver.put(object.ref.name, object);
    CHECK(house.engine.sweep({})->findings.empty());
}

TEST_CASE("a failed inventory removes nothing")
{
    House house;
    house.leave_orphans(3, 1);
    house.engine.sweep({});
    house.driver.fail("inventory ", Error{ErrorKind::unavailable, "page 2 failed"});
    const auto report = house.engine.sweep({});
    CHECK(report.error().message == "inventory of thing: page 2 failed");
    CHECK(house.driver.objects().size() == 4);
}

TEST_CASE("more orphans than the cap wait for a confirmation")
{
    struct Case {
        int orphans, living;
        bool asks;
    };
    // The cap is max(5, 10 % of what is there).
    const Case cases[] = {{5, 3, false}, {6, 3, true}, {8, 80, false}, {10, 80, true}};
    for (const auto& [orphans, living, asks] : cases) {
        CAPTURE(orphans);
        House house;
        house.leave_orphans(orphans, living);
        house.engine.sweep({});
        const auto report = house.engine.sweep({});
        CHECK(report->needs_confirmation == asks);
        CHECK(report->removed == (asks ? 0 : orphans));
        if (asks) CHECK(house.engine.sweep({.confirmed = true})->removed == orphans);
        CHECK(house.driver.objects().size() == static_cast<std::size_t>(living));
    }
}

}  // namespace
}  // namespace ramet::engine

#pragma once

#include "engine/executor.hpp"
#include "engine/thread_scheduler.hpp"
#include "fakes/memory_driver.hpp"
#include "fakes/memory_run_store.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace ramet::engine::testing {

inline constexpr Milliseconds patience{20'000};

inline Node node(const std::string& path, std::vector<std::string> needs = {}, Json spec = json::object{})
{
    return Node{path, "thing", std::move(spec), std::move(needs), {"address", "revision"}};
}

/// database ← api ← web, worker; web knows api's address.
inline Graph shop(const std::string& version = "1")
{
    const Json api_address = json::object{{"$out", json::array{"service/api", "address"}}};
    return Graph{{node("database/db"), node("service/api", {"database/db"}, json::object{{"version", version}}),
                  node("service/web", {"service/api"}, json::object{{"api", api_address}}),
                  node("service/worker", {"database/db"}, json::object{{"version", "1"}})}};
}

inline RunRequest apply_request(Graph graph, std::int64_t generation = 0)
{
    RunRequest request;
    request.owner = OwnerId("env-1");
    request.generation = generation;
    request.graph = std::move(graph);
    return request;
}

inline RunRequest update_request(Graph graph)
{
    auto request = apply_request(std::move(graph));
    request.on_failure = FailurePolicy::keep_last_good;
    return request;
}

inline RunRequest destroy_request()
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

}  // namespace ramet::engine::testing

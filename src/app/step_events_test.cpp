#include "app/step_events.hpp"

#include "fakes/app_house.hpp"
#include "storage/transaction.hpp"

using namespace ramet;
using namespace ramet::app;
using namespace ramet::app::testing;

namespace {

/// Pages of the database file: it cannot grow beyond `count`.
void limit_pages(AppHouse& house, const std::string& count)
{
    must(house.app->database.write([&](storage::Transaction& transaction) -> Result<void> {
        return transaction->execute_script("PRAGMA max_page_count = " + count);
    }));
}

}  // namespace

TEST_CASE("events that cannot be written wait until they can, in their order")
{
    AppHouse house;
    house.connect();
    StepEvents events;
    const auto newest = must(house.stores->events.newest_id());
    engine::StepView big;
    big.path = "big";
    big.waiting_for = std::string(2'000'000, 'x');
    limit_pages(house, "1");  // It stays as large as it is.
    events.add({engine::EngineRunId("run-1"), engine::OwnerId("nobody"), engine::RunState::running, big});
    events.flush(*house.app);
    events.add({engine::EngineRunId("run-2"), engine::OwnerId("nobody"), engine::RunState::running, std::nullopt});
    events.flush(*house.app);
    const auto told = [&] {
        std::string runs;
        for (const auto& event : must(house.stores->events.list(newest, 1'000, {})).events)
            for (const auto* run : {"run-1", "run-2"})
                if (event.data.contains(run)) runs += std::string(run) + " ";
        return runs;
    };
    CHECK(told().empty());
    limit_pages(house, "1000000");
    events.flush(*house.app);
    CHECK(told() == "run-1 run-2 ");
    events.flush(*house.app);
    CHECK(told() == "run-1 run-2 ");
}

TEST_CASE("whatever a run was, what its processes left is tidied up after it")
{
    AppHouse house;
    std::atomic<int> tidied = 0;
    house.app->tidy = [&] { ++tidied; };
    const auto tell = [&](engine::RunState state) {
        follow_change(*house.app, {engine::EngineRunId("run-1"), engine::OwnerId("installation"), state, std::nullopt});
    };
    tell(engine::RunState::running);
    CHECK(house.work->load().due == 0);
    tell(engine::RunState::succeeded);
    CHECK(ramet::testing::wait_until([&] { return tidied > 0; }));
}

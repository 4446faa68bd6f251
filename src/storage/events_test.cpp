#include "storage/events.hpp"

#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

void append(TestDatabase& database, Events& events, int count, const std::string& environment = "e-1")
{
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        for (int i = 0; i < count; ++i)
            TRY(events.append(transaction, {.at = at(i),
                                            .project = ProjectId("p-" + environment),
                                            .environment = EnvironmentId(environment),
                                            .kind = "run.step",
                                            .data = "{}"}));
        return {};
    });
}

}  // namespace

TEST_CASE("a stream goes on where it was left")
{
    TestDatabase database;
    Events events(*database);
    CHECK(events.newest_id().value() == 0);
    append(database, events, 5);
    auto page = events.list(0, 2, {}).value();
    CHECK(page.is_complete);
    REQUIRE(page.events.size() == 2);
    CHECK(page.events[0].id == 1);
    CHECK(page.events[0].kind == "run.step");
    page = events.list(page.last_id, 10, {}).value();
    REQUIRE(page.events.size() == 3);
    CHECK(page.last_id == 5);
    CHECK(events.list(5, 10, {})->events.empty());
    CHECK(events.list(5, 10, {})->last_id == 5);
    CHECK(events.newest_id().value() == 5);
}

TEST_CASE("events can be those of one project or environment")
{
    TestDatabase database;
    Events events(*database);
    append(database, events, 2, "e-1");
    append(database, events, 3, "e-2");
    CHECK(events.list(0, 10, {.project = ProjectId("p-e-1")})->events.size() == 2);
    CHECK(events.list(0, 10, {.environment = EnvironmentId("e-2")})->events.size() == 3);
    CHECK(events.list(0, 10, {.project = ProjectId("p-e-1"), .environment = EnvironmentId("e-2")})->events.empty());
}

TEST_CASE("only the newest are kept, and who comes too late is told")
{
    TestDatabase database;
    Events events(*database, {.kept = 100});
    append(database, events, 250);
    const auto all = events.list(0, 1000, {}).value();
    CHECK_FALSE(all.is_complete);
    CHECK(all.events.size() >= 100);
    CHECK(all.events.size() < 110);
    CHECK(all.events.back().id == 250);
    CHECK(events.list(200, 1000, {})->is_complete);
    CHECK(events.list(250, 1000, {})->is_complete);
}

TEST_CASE("ids go on growing after a restart, also when all events are gone")
{
    TestDatabase database;
    Events events(*database);
    append(database, events, 3);
    must_write(database, [](Transaction& transaction) { return transaction->execute_script("DELETE FROM event"); });
    database.reopen();
    Events again(*database);
    append(database, again, 1);
    CHECK(again.newest_id().value() == 4);
}

TEST_CASE("listeners hear of events that are committed, and of no others")
{
    TestDatabase database;
    Events events(*database);
    std::vector<std::int64_t> heard;
    events.listen([&](std::int64_t id) { heard.push_back(id); });
    append(database, events, 2);
    CHECK(heard == std::vector<std::int64_t>{1, 2});
    const auto undone = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(events.append(transaction, {.kind = "never"}));
        return fail(ErrorKind::refused, "no");
    });
    CHECK_FALSE(undone.has_value());
    CHECK(heard.size() == 2);
}

}  // namespace ramet::storage

#include "storage/servers.hpp"

#include "storage/storage_test_support.hpp"
#include "storage/turns.hpp"

namespace ramet::storage {
namespace {

Servers::Server server(std::string id)
{
    return {.id = std::move(id), .name = "host (process 1)", .version = "0.1.0", .schema = 3};
}

/// As if everybody's last word lay that far back.
void pass(TestDatabase& database, std::chrono::seconds span)
{
    must_write(database, [&](Transaction& transaction) -> Result<void> {
        const auto milliseconds = std::chrono::duration_cast<Milliseconds>(span).count();
        TRY(transaction->execute("UPDATE server SET seen_at = seen_at - ?", {milliseconds}));
        TRY(transaction->execute("UPDATE turn SET until = until - ?", {milliseconds}));
        return {};
    });
}

std::vector<std::string> up(Servers& servers)
{
    std::vector<std::string> ids;
    const auto found = servers.list_up().value();
    for (const auto& each : found) ids.push_back(each.id);
    return ids;
}

}  // namespace

TEST_CASE("a server is up as long as it says so, and forgotten after a day")
{
    TestDatabase database;
    Servers servers(*database);
    REQUIRE(servers.check_in(server("one")).has_value());
    REQUIRE(servers.check_in(server("two")).has_value());
    CHECK(up(servers) == std::vector<std::string>{"one", "two"});
    CHECK(servers.list_up()->front().version == "0.1.0");
    pass(database, Servers::gone_after + std::chrono::seconds(1));
    CHECK(up(servers).empty());
    CHECK(servers.list_known()->size() == 2);
    REQUIRE(servers.check_in(server("two")).has_value());
    CHECK(up(servers) == std::vector<std::string>{"two"});
    REQUIRE(servers.leave("two").has_value());
    CHECK(up(servers).empty());
    pass(database, std::chrono::hours(25));
    REQUIRE(servers.check_in(server("three")).has_value());
    Reading reading(*database, nullptr);
    CHECK(reading->find("SELECT count(*) FROM server", {}, [](const Row& row) { return row.integer(0); }).value() == 1);
}

TEST_CASE("a turn is one server's until it gives it back or its time is over")
{
    TestDatabase database;
    Turns one(*database, "one");
    Turns two(*database, "two");
    CHECK(one.take("pull/1").value());
    CHECK(one.take("pull/1").value());
    CHECK_FALSE(two.take("pull/1").value());
    CHECK(two.take("pull/2").value());
    REQUIRE(two.give_back("pull/1").has_value());  // What it does not have.
    CHECK_FALSE(two.take("pull/1").value());
    REQUIRE(one.give_back("pull/1").has_value());
    CHECK(two.take("pull/1").value());
    pass(database, Turns::term + std::chrono::seconds(1));
    CHECK(one.take("pull/1").value());
}

TEST_CASE("a turn that is prolonged goes on, one that is over is not taken back by it")
{
    TestDatabase database;
    Turns one(*database, "one");
    Turns two(*database, "two");
    REQUIRE(one.take("key").value());
    pass(database, Turns::term - std::chrono::seconds(2));
    REQUIRE(one.prolong_all().has_value());
    pass(database, std::chrono::seconds(5));
    CHECK_FALSE(two.take("key").value());
    pass(database, Turns::term);
    REQUIRE(two.take("key").value());
    REQUIRE(one.prolong_all().has_value());
    CHECK_FALSE(one.take("key").value());
}

TEST_CASE("a turn that could not be given back ends with its time")
{
    TestDatabase database;
    Turns one(*database, "one");
    Turns two(*database, "two");
    REQUIRE(one.take("key").value());
    database->set_fence([]() -> Write {
        return [](Transaction&) -> Result<void> { return fail(ErrorKind::unavailable, "the store is away"); };
    });
    CHECK_FALSE(one.give_back("key").has_value());
    database->set_fence({});
    REQUIRE(one.prolong_all().has_value());
    CHECK_FALSE(two.take("key").value());
    pass(database, Turns::term - std::chrono::seconds(1));
    REQUIRE(one.prolong_all().has_value());
    pass(database, std::chrono::seconds(2));
    CHECK(two.take("key").value());
}

TEST_CASE("who has lost a turn writes nothing for it any more")
{
    TestDatabase database;
    Turns one(*database, "one");
    Turns two(*database, "two");
    const auto write = [&](Turns& turns) {
        return database->write([&](Transaction& transaction) -> Result<void> {
            TRY(turns.check(transaction, "key"));
            TRY(transaction->execute("INSERT INTO meta (key, value) VALUES ('k', '') ON CONFLICT DO NOTHING"));
            return {};
        });
    };
    CHECK(write(one).error().kind == ErrorKind::conflict);
    REQUIRE(one.take("key").value());
    CHECK(write(one).has_value());
    pass(database, Turns::term + std::chrono::seconds(1));
    REQUIRE(two.take("key").value());
    CHECK(write(one).error().kind == ErrorKind::conflict);
    CHECK(write(two).has_value());
}

}  // namespace ramet::storage

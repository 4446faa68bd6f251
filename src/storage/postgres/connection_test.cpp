#include "storage/postgres/connection.hpp"

#include "storage/postgres/listener.hpp"
#include "storage/postgres/schema.hpp"
#include "storage/storage_test_support.hpp"

#include <latch>
#include <mutex>
#include <thread>

TEST_SUITE_BEGIN("postgres");

namespace ramet::storage {
namespace {

/// A database, and the server's own view on it.
struct Store {
    TestSchema schema{test_store().value()};
    PostgresPlace place = schema.place();
    std::unique_ptr<Database> database = must_open(place);

    static std::unique_ptr<Database> must_open(const PostgresPlace& place)
    {
        auto opened = Database::open(place);
        if (!opened) FAIL(opened.error().message << ": " << opened.error().evidence);
        return std::move(*opened);
    }
    std::int64_t count(const std::string& key)
    {
        Reading reading(*database, nullptr);
        return reading
            ->find("SELECT count(*) FROM meta WHERE key = ?", {key}, [](const Row& row) { return row.integer(0); })
            .value()
            .value();
    }
};

/// Its sessions can be told from those of other tests.
PostgresPlace named_place(const TestSchema& schema, const std::string& server = "server-1")
{
    const auto url = *test_store() + "?application_name=" + schema.name() + "&options=-csearch_path%3D" + schema.name();
    return {.address = PostgresAddress::parse(url, {}).value(), .server = server};
}

Write put(const std::string& key)
{
    return [key](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("INSERT INTO meta (key, value) VALUES (?, '')", {key}));
        return {};
    };
}

}  // namespace

TEST_CASE("what cannot be text is refused in words, and the transaction's neighbours stand")
{
    Store store;
    const std::vector<Write> writes = {put("before"), put(std::string("a\0b", 3)), put("\xff\xfe"), put("after")};
    const auto results = store.database->writer().write_all(writes).value();
    CHECK(results[0].has_value());
    CHECK(results[1].error().kind == ErrorKind::invalid);
    CHECK(results[2].error().kind == ErrorKind::invalid);
    CHECK(results[3].has_value());
    CHECK(store.count("before") + store.count("after") == 2);
}

TEST_CASE("sessions that the database ended are made anew, for reads and writes")
{
    TestSchema schema(*test_store());
    const auto place = named_place(schema);
    const auto database = Store::must_open(place);
    for (int round = 0; round < 3; ++round) {
        schema.must_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
                            schema.name() + "'");
        {
            Reading reading(*database, nullptr);
            const auto count =
                reading->find("SELECT count(*) FROM meta", {}, [](const Row& row) { return row.integer(0); });
            CHECK(count.value() == round);
        }
        CHECK(database->write(put(fmt::format("k{}", round))).has_value());
    }
}

TEST_CASE("a transaction whose session is lost is undone as a whole, and the next one works")
{
    TestSchema schema(*test_store());
    const auto place = named_place(schema);
    const auto database = Store::must_open(place);
    const auto written = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(put("lost")(transaction));
        schema.must_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
                            schema.name() + "' AND state = 'idle in transaction'");
        return {};
    });
    CHECK(written.error().kind == ErrorKind::unavailable);
    CHECK(database->write(put("next")).has_value());
    Reading reading(*database, nullptr);
    const auto keys = reading->list("SELECT key FROM meta WHERE key IN ('lost', 'next')", {},
                                    [](const Row& row) { return row.text(0); });
    CHECK(keys.value() == std::vector<std::string>{"next"});
}

TEST_CASE("a commit of which nobody can say what became of it is not told as one that did not happen")
{
    TestSchema schema(*test_store());
    auto place = named_place(schema);
    place.longest_doubt = Milliseconds(0);
    const auto database = Store::must_open(place);
    // The session ends in the middle of its COMMIT, and the database cannot be reached any more.
    schema.must_execute("CREATE FUNCTION " + schema.name() +
                        ".end_session() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                        "PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; "
                        "CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON " +
                        schema.name() + ".meta DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION " +
                        schema.name() + ".end_session()");
    const auto written = database->write([&](Transaction& transaction) -> Result<void> {
        TRY(put("k")(transaction));
        place.address = PostgresAddress::parse("postgres://ramet@127.0.0.1:1/ramet", {}).value();
        return {};
    });
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().kind == ErrorKind::unavailable);
    CHECK(written.error().message.contains("whether it was written is not known"));
    CHECK_FALSE(written.error().message.contains("nothing was written"));
}

TEST_CASE("a server that stands still in a transaction holds up the others for its longest pause only")
{
    TestSchema schema(*test_store());
    auto place = named_place(schema);
    place.longest_pause = Milliseconds(300);
    const auto paused = Store::must_open(place);
    const auto other = Store::must_open(place);
    std::latch is_inside(1);
    std::latch may_go_on(1);
    Result<void> of_the_paused;
    std::jthread holder([&] {
        of_the_paused = paused->write([&](Transaction& transaction) -> Result<void> {
            TRY(put("paused")(transaction));
            is_inside.count_down();
            may_go_on.wait();
            return {};
        });
    });
    is_inside.wait();
    // It waits for the lock of all writers, which is free as soon as the database has ended the other one's transaction.
    CHECK(other->write(put("other")).has_value());
    may_go_on.count_down();
    holder.join();
    CHECK(of_the_paused.error().kind == ErrorKind::unavailable);
    Reading reading(*other, nullptr);
    const auto keys = reading->list("SELECT key FROM meta WHERE key IN ('paused', 'other')", {},
                                    [](const Row& row) { return row.text(0); });
    CHECK(keys.value() == std::vector<std::string>{"other"});
}

TEST_CASE("writers of two servers take turns: what one reads inside its write is what its write goes by")
{
    Store store;
    const auto place = store.schema.place("server-2");
    const auto second = Store::must_open(place);
    constexpr int each = 100;
    const auto count_up = [](Database& database) {
        for (int i = 0; i < each; ++i) {
            const auto written = database.write([](Transaction& transaction) -> Result<void> {
                const auto now = TRY(transaction->find("SELECT value FROM meta WHERE key = 'n'", {},
                                                       [](const Row& row) { return std::stoll(row.text(0)); }));
                TRY(transaction->execute(
                    "INSERT INTO meta (key, value) VALUES ('n', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
                    {std::to_string(now.value_or(0) + 1)}));
                return {};
            });
            if (!written) FAIL_CHECK(written.error().message);
        }
    };
    {
        std::jthread one([&] { count_up(*store.database); });
        std::jthread two([&] { count_up(*second); });
    }
    Reading reading(*second, nullptr);
    CHECK(reading->find("SELECT value FROM meta WHERE key = 'n'", {}, [](const Row& row) { return row.text(0); })
              .value() == std::to_string(2 * each));
}

TEST_CASE("news reaches the other servers with its commit, not before, and not the one that told it")
{
    Store store;
    const auto place = store.schema.place("server-2");
    std::mutex mutex;
    std::vector<std::string> heard;
    const auto listener = PostgresListener::start(place, [&](const std::string& news) {
                              const std::lock_guard lock(mutex);
                              heard.push_back(news);
                          }).value();
    const auto own_listener_heard = std::make_shared<std::atomic<int>>(0);
    const auto own = PostgresListener::start(store.place, [own_listener_heard](const std::string& news) {
                         if (!news.empty()) ++*own_listener_heard;
                     }).value();
    const auto has = [&](const std::string& news) {
        const std::lock_guard lock(mutex);
        return std::ranges::find(heard, news) != heard.end();
    };
    REQUIRE(testing::wait_until([&] { return has(""); }));
    const auto undone = store.database->write([&](Transaction& transaction) -> Result<void> {
        transaction.announce("owner undone");
        return fail(ErrorKind::refused, "no");
    });
    CHECK_FALSE(undone.has_value());
    REQUIRE(store.database
                ->write([&](Transaction& transaction) -> Result<void> {
                    transaction.announce("owner e-1");
                    return {};
                })
                .has_value());
    REQUIRE(testing::wait_until([&] { return has("owner e-1"); }));
    CHECK_FALSE(has("owner undone"));
    CHECK(*own_listener_heard == 0);
}

TEST_CASE("a listener that was cut off says that it may have missed something, and hears again")
{
    TestSchema schema(*test_store());
    const auto place = named_place(schema, "server-2");
    const auto teller = named_place(schema, "server-1");
    const auto database = Store::must_open(teller);
    std::atomic<int> missed = 0;
    std::atomic<int> told = 0;
    const auto listener =
        PostgresListener::start(place, [&](const std::string& news) { ++(news.empty() ? missed : told); }).value();
    REQUIRE(testing::wait_until([&] { return missed == 1; }));
    schema.must_execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '" +
                        schema.name() + "' AND query LIKE 'LISTEN%'");
    REQUIRE(testing::wait_until([&] { return missed == 2; }));
    REQUIRE(database
                ->write([](Transaction& transaction) -> Result<void> {
                    transaction.announce("events");
                    return {};
                })
                .has_value());
    CHECK(testing::wait_until([&] { return told == 1; }));
}

TEST_CASE("a store that cannot be used says why, and what to do")
{
    const TestSchema schema(*test_store());
    const auto open = [](const std::string& url) {
        const PostgresPlace place{.address = PostgresAddress::parse(url, {}).value(), .server = "s"};
        return PostgresConnection::open(place, PostgresUse::writing).error();
    };
    const auto nobody = open("postgres://ramet@127.0.0.1:1/ramet");
    CHECK(nobody.kind == ErrorKind::unavailable);
    CHECK(nobody.message == "the store ramet@127.0.0.1:1/ramet cannot be reached");
    CHECK_FALSE(nobody.next_step.empty());
    auto without_database = *test_store();
    without_database.replace(without_database.rfind("/ramet"), 6, "/absent");
    CHECK(open(without_database).evidence.find("\"absent\" does not exist") != std::string::npos);
    auto without_password = *test_store();
    without_password.replace(without_password.find("ramet@"), 6, "with_password@");
    CHECK(open(without_password).next_step.find("--store-password-file") != std::string::npos);
    const auto no_schema = open(*test_store() + "?options=-csearch_path%3Dabsent");
    CHECK(no_schema.message.find("search path") != std::string::npos);
}

TEST_CASE("the first of several servers makes the schema, and the others find it")
{
    TestSchema schema(*test_store());
    std::vector<PostgresPlace> places;
    for (int i = 0; i < 4; ++i) places.push_back(schema.place(fmt::format("server-{}", i)));
    std::atomic<int> opened = 0;
    {
        std::vector<std::jthread> starts;
        for (const auto& place : places)
            starts.emplace_back([&opened, &place] { opened += Database::open(place).has_value(); });
    }
    CHECK(opened == 4);
    const auto connection = PostgresConnection::open(places.front(), PostgresUse::writing).value();
    CHECK(find_schema(*connection)->version == postgres_migrations().back().version);
}

TEST_CASE("a newer schema serves an older Ramet when it says so, and else is refused")
{
    TestSchema schema(*test_store());
    const auto place = schema.place();
    const auto connection = PostgresConnection::open(place, PostgresUse::writing).value();
    const Migration first = postgres_migrations().front();
    const std::vector<Migration> old = {first};
    const std::vector<Migration> next = {
        first, {5, "ALTER TABLE meta ADD COLUMN note TEXT NOT NULL DEFAULT ''", first.version}};
    const std::vector<Migration> breaking = {first, next[1], {6, "ALTER TABLE meta DROP COLUMN note", 6}};
    REQUIRE(migrate(*connection, old).has_value());
    REQUIRE(migrate(*connection, next).has_value());
    CHECK(migrate(*connection, old).has_value());
    CHECK(find_schema(*connection)->version == 5);
    // A server that knows only the old one is up.
    REQUIRE(connection->begin_writing().has_value());
    REQUIRE(connection
                ->execute("INSERT INTO server (id, name, version, schema, started_at, seen_at) VALUES ('s', 'host', "
                          "'0.1.0', 5, 0, ?)",
                          {connection->clock().value()})
                .has_value());
    REQUIRE(connection->commit().has_value());
    const auto too_early = migrate(*connection, breaking);
    CHECK(too_early.error().kind == ErrorKind::refused);
    CHECK(too_early.error().message.find("server s (Ramet 0.1.0, schema 5)") != std::string::npos);
    CHECK(too_early.error().next_step == "stop the older servers first");
    CHECK(find_schema(*connection)->version == 5);
    schema.must_execute("DELETE FROM " + schema.name() + ".server");
    REQUIRE(migrate(*connection, breaking).has_value());
    const auto too_old = migrate(*connection, next);
    CHECK(too_old.error().kind == ErrorKind::refused);
    CHECK(too_old.error().message.find("needs a Ramet that knows schema 6") != std::string::npos);
    CHECK_FALSE(connection->is_in_transaction());
}

TEST_CASE("a migration that fails leaves the schema before it")
{
    TestSchema schema(*test_store());
    const auto place = schema.place();
    const auto connection = PostgresConnection::open(place, PostgresUse::writing).value();
    const std::vector<Migration> broken = {postgres_migrations().front(),
                                           {5, "CREATE TABLE a (x int); CREATE TABLE meta (x int)", 4}};
    CHECK(migrate(*connection, broken).error().message.starts_with("bringing the store to schema 5"));
    CHECK(find_schema(*connection)->version == 4);
    const auto has_a =
        connection->find("SELECT to_regclass('a') IS NULL", {}, [](const Row& row) { return row.text(0) == "t"; });
    CHECK(has_a.value().value());
}

TEST_CASE("the journal and the audit log cannot be emptied either")
{
    Store store;
    for (const auto* table : {"journal", "audit"}) {
        const auto written = store.database->write(
            [&](Transaction& transaction) { return transaction->execute_script(fmt::format("TRUNCATE {}", table)); });
        CHECK(written.error().kind == ErrorKind::conflict);
    }
}

}  // namespace ramet::storage

TEST_SUITE_END();

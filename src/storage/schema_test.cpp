#include "storage/schema.hpp"

#include "base/hash.hpp"
#include "storage/deliveries.hpp"
#include "storage/engine_store.hpp"
#include "storage/sqlite.hpp"
#include "storage/storage_test_support.hpp"

namespace ramet::storage {
namespace {

struct Empty {
    testing::TemporaryDirectory directory;
    std::unique_ptr<SqliteConnection> connection = SqliteConnection::open(directory / "s.db", OpenMode::create).value();
};

std::vector<std::string> tables_of(Connection& connection)
{
    return connection
        .list("SELECT name || ': ' || sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name", {},
              [](const Row& row) { return row.text(0); })
        .value();
}

}  // namespace

TEST_SUITE_BEGIN("sqlite");

TEST_CASE("migrations are numbered without a gap")
{
    int expected = 1;
    for (const auto& migration : migrations()) CHECK(migration.version == expected++);
}

TEST_CASE("a released migration is never edited: what has to change gets the next number")
{
    // One line for each; added together with its migration.
    const std::string_view released[] = {
        "962b4168e50143af2794e670a8221771c1050d20a20aaa18545c6573a072f3ae",
        "7e929911b3fd5980645ab790474e933ed98d8372aefb56235afefbfd7120f0a6",
        "942bc32ceb0a76dd14627c6c05d2a3f9f5549082b4fa66d059f9ce1bd242c28e",
        "afbbec5cfac9edd00e31a1854855067f270d9ea846b947a019be3b26d9ef9eb1",
    };
    // Of a store on PostgreSQL, which begins with the fourth.
    const std::string_view released_on_postgres[] = {
        "cef116b84cc5d7aebbee44a5c7a1d164e8cc4396dfdf9899a4b15559d224835c",
    };
    const auto check = [](std::span<const Migration> known, std::span<const std::string_view> hashes) {
        REQUIRE(hashes.size() == known.size());
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            CAPTURE(known[i].version);
            CHECK(sha256_hex(known[i].sql) == hashes[i]);
        }
    };
    check(migrations(), released);
    check(postgres_migrations(), released_on_postgres);
}

TEST_CASE("each released schema can be opened by this version and ends like a fresh one")
{
    Empty fresh;
    REQUIRE(migrate(*fresh.connection).has_value());
    const auto all = migrations();
    for (std::size_t released = 1; released <= all.size(); ++released) {
        CAPTURE(released);
        Empty old;
        REQUIRE(migrate(*old.connection, all.first(released)).has_value());
        CHECK(schema_version(*old.connection).value() == static_cast<int>(released));
        REQUIRE(migrate(*old.connection).has_value());
        CHECK(tables_of(*old.connection) == tables_of(*fresh.connection));
        CHECK(migrate(*old.connection).has_value());
    }
}

TEST_CASE("what webhooks said before it stood apart is read by this version")
{
    testing::TemporaryDirectory directory;
    {
        const auto old = SqliteConnection::open(directory / "ramet.db", OpenMode::create).value();
        REQUIRE(migrate(*old, migrations().first(1)).has_value());
        REQUIRE(old->execute_script("INSERT INTO delivery (id, forge, connection, delivery_id, event, headers, body, "
                                    "received_at, state, reason) VALUES (7, 'gitea', 'c-1', 'd-1', 'push', "
                                    "'{\"x-a\":\"b\"}', CAST('{}' AS BLOB), 1, 'stored', '')")
                    .has_value());
    }
    const auto database = Database::open(directory.path()).value();
    Deliveries deliveries(*database);
    const auto waiting = deliveries.list_waiting(9).value();
    REQUIRE(waiting.size() == 1);
    CHECK(waiting[0].id == 7);
    CHECK(waiting[0].headers == std::map<std::string, std::string>{{"x-a", "b"}});
    CHECK(waiting[0].body == "{}");
    REQUIRE(database
                ->write([&](Transaction& transaction) -> Result<void> {
                    TRY(deliveries.set_state(transaction, 7, DeliveryState::processed, "", at(1)));
                    TRY(deliveries.prune(transaction, at(9)));
                    return {};
                })
                .has_value());
    CHECK(deliveries.get(7).error().kind == ErrorKind::not_found);
    Reading reading(*database, nullptr);
    CHECK(reading->find("SELECT count(*) FROM delivery_content", {}, [](const Row& row) { return row.integer(0); }) ==
          0);
}

TEST_CASE("the engine's rows of an earlier schema are read by this version, and stay append-only")
{
    testing::TemporaryDirectory directory;
    {
        const auto old = SqliteConnection::open(directory / "ramet.db", OpenMode::create).value();
        REQUIRE(migrate(*old, migrations().first(2)).has_value());
        REQUIRE(old->execute_script(
                       "INSERT INTO journal VALUES ('run-1', 2, 'service/web', 1, 1, 'OBSERVED', 't', 'h', 'x', '{}', "
                       "6, 'p'), "
                       "('run-1', 1, 'service/web', 1, 1, 'INTENT', 't', 'h', '', '{\"made\":true}', 5, '');"
                       "INSERT INTO resource VALUES ('r1', 2, 'env-1', 'install', 'nonce', 'service/web', 'thing', "
                       "'web-2', "
                       "'x', '7', '{\"a\":1}', '{\"port\":\"80\"}', 'live', 'h', '[]', NULL, '{}', 5, 6, NULL)")
                    .has_value());
    }
    const auto database = Database::open(directory.path()).value();
    EngineStore store(*database);
    const auto journal = store.load_journal(engine::EngineRunId("run-1")).value();
    REQUIRE(journal.size() == 2);
    CHECK(journal[0].kind == engine::RecordKind::intent);
    CHECK(journal[1].external_id == "x");
    const auto row = store.find_resource("thing", "web-2").value();
    REQUIRE(row.has_value());
    CHECK(row->ref.path == "service/web");
    CHECK(row->ref.incarnation == 2);
    CHECK(row->ref.outputs == engine::Outputs{{"port", "80"}});
    CHECK(store.list_resources(engine::OwnerId("env-1"))->size() == 1);
    const auto edited = database->write([](Transaction& transaction) -> Result<void> {
        TRY(transaction->execute("DELETE FROM journal"));
        return {};
    });
    CHECK_FALSE(edited.has_value());
}

TEST_CASE("a database of a newer Ramet is left alone")
{
    Empty newer;
    REQUIRE(newer.connection->execute_script("PRAGMA user_version = 999").has_value());
    const auto migrated = migrate(*newer.connection);
    CHECK(migrated.error().kind == ErrorKind::refused);
    CHECK(migrated.error().message.find("schema 999") != std::string::npos);
    CHECK(tables_of(*newer.connection).empty());
}

TEST_CASE("a migration that fails leaves the schema before it")
{
    Empty store;
    const Migration broken[] = {{1, "CREATE TABLE a (x);", 1}, {2, "CREATE TABLE b (x); CREATE TABLE a (x);", 2}};
    const auto migrated = migrate(*store.connection, broken);
    REQUIRE_FALSE(migrated.has_value());
    CHECK(migrated.error().message.starts_with("bringing the database to schema 2"));
    CHECK(schema_version(*store.connection).value() == 1);
    CHECK(tables_of(*store.connection).size() == 1);
}

TEST_SUITE_END();

}  // namespace ramet::storage

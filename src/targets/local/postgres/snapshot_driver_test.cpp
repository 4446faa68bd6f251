#include "targets/local/postgres/snapshot_driver.hpp"

#include "base/json.hpp"
#include "support/local_postgres.hpp"

using namespace ramet;
using namespace ramet::testing;

namespace {

void must_up(TestDatabase& database)
{
    const auto made = database.up();
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
}

engine::ResourceRef must_make(LocalPostgres& place, TestDatabase& database, const std::string& name)
{
    auto ref = snapshot_ref(place, database, name);
    const auto made = place.bring_up(ref);
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
    return ref;
}

void fill(TestDatabase& database)
{
    auto sql = database.connect();
    must_execute(sql, "CREATE TABLE items (id int PRIMARY KEY, name text); INSERT INTO items SELECT n, 'item ' || n "
                      "FROM generate_series(1, 1000) n");
}

std::string count_items(TestDatabase& database)
{
    auto sql = database.connect();
    return must_query(sql, "SELECT count(*) FROM items");
}

/// What a restore asks of the database's three nodes.
void put_back(TestDatabase& database, const engine::ResourceRef& snapshot)
{
    database.spec().snapshot = snapshot.name;
    ++database.spec().incarnation;
    must_up(database);
}

}  // namespace

TEST_CASE("what was written after a snapshot is gone when the database is put back, as often as one likes")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("pr-1", DataStrategy::empty));
    must_up(database);
    fill(database);
    const auto port = database.port();
    const auto snapshot = must_make(place, database, "before");
    CHECK(snapshot.outputs.at("version") == "15");
    CHECK(snapshot.outputs.at("schema_hash").size() > 10);
    CHECK(parse_rfc3339(snapshot.outputs.at("made_at")).has_value());
    for (int round = 0; round < 2; ++round) {
        {
            auto sql = database.connect();
            must_execute(sql, "DELETE FROM items; CREATE TABLE later (id int)");
        }
        CHECK(count_items(database) == "0");
        put_back(database, snapshot);
        CHECK(count_items(database) == "1000");
        CHECK(database.port() == port);
        CHECK(database.log_in(database.password()).has_value());
        CHECK(database.data("made_at") == snapshot.outputs.at("made_at"));
    }
    CHECK(must_make(place, database, "after").outputs.at("schema_hash") == snapshot.outputs.at("schema_hash"));
    CHECK(place.snapshot.inventory(LocalPostgres::call(), "install-1")->size() == 2);
    for (const auto* name : {"before", "after"}) {
        const auto ref = snapshot_ref(place, database, name);
        for (int time = 0; time < 2; ++time) CHECK(place.take_down(ref).has_value());
        CHECK(place.presence(ref) == engine::Presence::absent);
    }
    CHECK(std::filesystem::is_empty(place.options().store.snapshots()));
    CHECK(count_items(database) == "1000");
}

TEST_CASE("a restore that is given up ends with the data and the role of before")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("pr-1", DataStrategy::empty));
    must_up(database);
    fill(database);
    const auto snapshot = must_make(place, database, "before");
    {
        auto sql = database.connect();
        must_execute(sql, "DELETE FROM items");
    }
    auto refs = database.refs;
    auto spec = database.spec();
    spec.snapshot = snapshot.name;
    spec.incarnation = 2;
    auto other = place.ref_of(postgres::data_node(spec), "pr-1", 2);
    REQUIRE(place.bring_up(other).has_value());
    auto server = refs.at(postgres::server_path("db"));
    server.spec.as_object()["data"] = other.outputs.at("directory");
    REQUIRE(place.bring_up(server).has_value());

    // Backwards, as the engine undoes it.
    const auto role = place.apply(refs.at(postgres::database_path("db")));
    if (!role) FAIL(role.error().message);
    REQUIRE(place.bring_up(refs.at(postgres::server_path("db"))).has_value());
    CHECK(place.take_down(other).has_value());
    CHECK(count_items(database) == "0");
    CHECK(database.log_in(database.password()).has_value());
    CHECK(place.take_down(snapshot).has_value());

    REQUIRE(place.take_down(refs.at(postgres::server_path("db"))).has_value());
    CHECK(place.apply(refs.at(postgres::database_path("db"))).error().kind == ErrorKind::unavailable);
}

TEST_CASE("a snapshot takes its moment: applied again it stays, and half made it is made anew")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("pr-1", DataStrategy::empty));
    must_up(database);
    fill(database);
    auto ref = must_make(place, database, "one");
    const auto before = ref.outputs;
    {
        auto sql = database.connect();
        must_execute(sql, "CREATE TABLE later (id int)");
    }
    REQUIRE(place.bring_up(ref).has_value());
    CHECK(ref.outputs == before);
    const auto half = place.options().store.snapshots() / ref.name;
    REQUIRE(std::filesystem::remove(half / "snapshot.json"));
    REQUIRE(std::filesystem::remove(half / "data/global/pg_control"));
    REQUIRE(place.bring_up(ref).has_value());
    CHECK(ref.outputs.at("schema_hash") != before.at("schema_hash"));
    CHECK(std::filesystem::exists(half / "data/global/pg_control"));
    CHECK_FALSE(std::filesystem::exists(half / "data/postmaster.pid"));
    CHECK(place.take_down(ref).has_value());
}

TEST_CASE("what cannot be made or put back fails in words")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("pr-1", DataStrategy::empty));
    must_up(database);
    fill(database);
    auto unserved = snapshot_ref(place, database, "unserved");
    unserved.spec.as_object()["port"] = "1";
    const auto applied = place.apply(unserved);
    REQUIRE_FALSE(applied.has_value());
    CHECK(applied.error().kind == ErrorKind::unavailable);
    CHECK(place.take_down(unserved).has_value());
    CHECK(std::filesystem::is_empty(place.options().store.snapshots()));

    const auto snapshot = must_make(place, database, "one");
    struct Case {
        std::string story, snapshot, version;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {"it is gone", "snapshot-db-other-123", "15", ErrorKind::not_found, "is gone"},
        {"of another version", snapshot.name, "16", ErrorKind::refused, "PostgreSQL 16, not 15"},
    };
    for (const auto& [story, name, version, kind, words] : cases) {
        CAPTURE(story);
        const auto record = place.options().store.snapshots() / snapshot.name / "snapshot.json";
        const auto text = read_file(record).value();
        auto other = parse_json(text).value();
        other.as_object()["version"] = version;
        REQUIRE(write_file(record, to_text(other)).has_value());
        auto spec = spec_of("pr-2", DataStrategy::clone);
        spec.snapshot = name;
        auto ref = place.ref_of(postgres::data_node(spec), "pr-2");
        const auto made = place.bring_up(ref);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().kind == kind);
        CHECK(made.error().message.contains(words));
        CHECK(place.take_down(ref).has_value());
        REQUIRE(write_file(record, text).has_value());
    }
    CHECK(place.take_down(snapshot).has_value());
}

#include "data/postgres/scrub.hpp"

#include "support/postgres_cluster.hpp"

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

TEST_CASE("whatever could act outside or open a copy is taken out of every database")
{
    const PostgresCluster server(ServerUse::base);
    {
        auto sql = server.connect();
        must_execute(sql, "CREATE ROLE one LOGIN PASSWORD 'x'");
        must_execute(sql, "CREATE DATABASE first");
        must_execute(sql, "CREATE DATABASE \"Se cond\"");
        must_execute(sql, "SELECT pg_create_physical_replication_slot('slot')");
    }
    for (const auto* database : {"first", "Se cond"}) {
        auto sql = server.connect(database);
        must_execute(
            sql,
            "CREATE SUBSCRIPTION \"My sub\" CONNECTION 'host=127.0.0.1 port=1' PUBLICATION p WITH (connect = false)");
        must_execute(
            sql,
            "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; "
            "CREATE USER MAPPING FOR one SERVER far OPTIONS (user 'u', password 'secret'); "
            "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'u', password 'secret'); "
            "CREATE SCHEMA cron; CREATE TABLE cron.job (id int); INSERT INTO cron.job VALUES (1); "
            "CREATE FUNCTION cron.fails() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not loaded'; END $$; "
            "CREATE TRIGGER t BEFORE DELETE ON cron.job EXECUTE FUNCTION cron.fails()");
    }
    const auto scrubbed = scrub_cluster(server.inside());
    if (!scrubbed) FAIL(scrubbed.error().message);
    CHECK(scrub_cluster(server.inside()).has_value());

    auto sql = server.connect();
    CHECK(must_query(sql, "SELECT count(*) FROM pg_authid WHERE rolpassword IS NOT NULL") == "0");
    CHECK(must_query(sql, "SELECT count(*) FROM pg_replication_slots") == "0");
    CHECK(must_query(sql, "SELECT count(*) FROM pg_subscription") == "0");
    for (const auto* database : {"first", "Se cond"}) {
        auto inside = server.connect(database);
        CHECK(must_query(inside, "SELECT count(*) FROM pg_user_mappings") == "0");
        CHECK(must_query(inside, "SELECT count(*) FROM cron.job") == "0");
        CHECK(must_query(inside, "SELECT count(*) FROM pg_foreign_server") == "1");
    }
}

TEST_CASE("the schema's hash follows the schema and not the rows")
{
    const PostgresCluster server(ServerUse::preview);
    auto sql = server.connect();
    const auto hash = [&] { return schema_hash(server.inside()).value(); };
    const auto empty = hash();
    must_execute(sql, "CREATE TABLE t (id int)");
    auto last = hash();
    CHECK(last != empty);
    must_execute(sql, "INSERT INTO t SELECT generate_series(1, 100); ANALYZE t");
    CHECK(hash() == last);
    const char* const changes[] = {
        "ALTER TABLE t ADD COLUMN name text DEFAULT 'x'",
        "ALTER TABLE t ALTER COLUMN name SET DEFAULT 'y'",
        "ALTER TABLE t ALTER COLUMN id SET NOT NULL",
        "CREATE INDEX ON t (name)",
        "ALTER TABLE t ADD CHECK (id > 0)",
        "CREATE VIEW v AS SELECT id FROM t",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE TYPE mood AS ENUM ('good')",
        "ALTER TYPE mood ADD VALUE 'bad'",
        "CREATE SCHEMA other; CREATE TABLE other.t (id int)",
    };
    for (const auto* change : changes) {
        CAPTURE(change);
        must_execute(sql, change);
        const auto now = hash();
        CHECK(now != last);
        last = now;
    }
}

#include "data/postgres/service_role.hpp"

#include "support/postgres_cluster.hpp"

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

namespace {

const ServiceRole shop{"shop", "shopdb", "mark-1"};

void must_ensure(const PostgresCluster& server, const ServiceRole& wanted, const SecretBytes& password)
{
    const auto made = ensure_service_role(server.inside(), wanted, password);
    if (!made) FAIL(made.error().message);
}

/// Whether the role gets in with this password.
bool lets_in(const PostgresCluster& server, const std::string& role, const SecretBytes& password)
{
    return SqlConnection::open(server.outside(role, "shopdb", password)).has_value();
}

}  // namespace

TEST_CASE("a service role owns its database, can work in it, and is nothing more")
{
    const PostgresCluster server(ServerUse::preview);
    const SecretBytes password("p'a\"ss $\\ word");
    must_ensure(server, shop, password);
    must_ensure(server, shop, password);
    CHECK(has_service_role(server.inside(), shop).value());

    auto sql = SqlConnection::open(server.outside("shop", "shopdb", password)).value();
    must_execute(sql, "CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1); CREATE SCHEMA more");
    CHECK(must_query(sql, "SELECT count(*) FROM orders") == "1");
    CHECK(must_query(sql,
                     "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls FROM pg_roles "
                     "WHERE rolname = current_user") == "f");
    for (const auto* forbidden :
         {"CREATE DATABASE other", "CREATE ROLE other", "ALTER ROLE shop SUPERUSER", "SET ROLE ramet",
          "COPY orders TO PROGRAM 'cat'", "SELECT pg_read_file('PG_VERSION')", "ALTER SYSTEM SET fsync = on"}) {
        CAPTURE(forbidden);
        CHECK_FALSE(sql.execute(forbidden).has_value());
    }
}

TEST_CASE("only the present password of the service role opens the server")
{
    const PostgresCluster server(ServerUse::preview);
    const SecretBytes old_password("of the base");
    const SecretBytes new_password("of the preview");
    must_ensure(server, shop, old_password);
    auto sql = server.connect();
    must_execute(
        sql, "CREATE ROLE admin LOGIN SUPERUSER PASSWORD 'admin'; GRANT admin TO shop; GRANT pg_read_all_data TO shop");
    CHECK(lets_in(server, "admin", SecretBytes("admin")));

    must_ensure(server, shop, new_password);
    CHECK(lets_in(server, "shop", new_password));
    CHECK_FALSE(lets_in(server, "shop", old_password));
    CHECK_FALSE(lets_in(server, "admin", SecretBytes("admin")));
    CHECK_FALSE(lets_in(server, "ramet", SecretBytes("")));
    CHECK(must_query(
              sql,
              "SELECT count(*) FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member WHERE r.rolname = 'shop'") ==
          "0");
    CHECK(SqlConnection::open(server.outside("shop", "shopdb", old_password)).error().kind == ErrorKind::forbidden);
}

TEST_CASE("passwords are in no log, not even when the statement is logged")
{
    const PostgresCluster server(ServerUse::preview);
    auto sql = server.connect();
    must_execute(sql, "ALTER ROLE ramet SET log_statement = 'all'");
    must_ensure(server, shop, SecretBytes("very-secret-word"));
    CHECK(server.log().contains("CREATE ROLE"));
    CHECK_FALSE(server.log().contains("very-secret-word"));
}

TEST_CASE("what superusers left in the database belongs to the service role")
{
    const PostgresCluster server(ServerUse::preview);
    const SecretBytes password("word");
    {
        auto sql = server.connect();
        must_execute(sql, "CREATE DATABASE shopdb");
    }
    auto left = server.connect("shopdb");
    must_execute(left,
                 "CREATE TABLE things (id serial PRIMARY KEY, data text); INSERT INTO things (data) VALUES ('x'); "
                 "CREATE TABLE \"Odd \"\"name\" (id int) PARTITION BY RANGE (id); CREATE SCHEMA inner_part; "
                 "CREATE VIEW inner_part.seen AS SELECT * FROM things; CREATE SEQUENCE counter; CREATE TYPE mood AS "
                 "ENUM ('good'); "
                 "CREATE MATERIALIZED VIEW kept AS SELECT 1 AS one; CREATE EXTENSION pg_trgm; "
                 "CREATE FUNCTION twice(n int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 2 * n'");
    must_ensure(server, shop, password);

    auto sql = SqlConnection::open(server.outside("shop", "shopdb", password)).value();
    must_execute(
        sql,
        "INSERT INTO things (data) VALUES ('y'); ALTER TABLE things ADD COLUMN more int; DROP VIEW inner_part.seen; "
        "DROP TABLE \"Odd \"\"name\"; SELECT nextval('counter'); ALTER TYPE mood ADD VALUE 'bad'; REFRESH MATERIALIZED "
        "VIEW kept; "
        "CREATE TABLE inner_part.made (id int); CREATE TABLE public.made (id int)");
    CHECK(must_query(sql, "SELECT twice(21)") == "42");
    CHECK(
        must_query(
            sql,
            "SELECT count(*) FROM pg_proc WHERE proowner = 10 AND pronamespace = 'public'::regnamespace AND NOT EXISTS "
            "(SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')") == "0");
}

TEST_CASE("a role is found and removed by its mark, and its data stays")
{
    const PostgresCluster server(ServerUse::preview);
    const SecretBytes password("word");
    const ServiceRole of_base{"shop", "shopdb", "mark of the base"};
    must_ensure(server, of_base, password);
    CHECK_FALSE(has_service_role(server.inside(), shop).value());
    CHECK(remove_service_role(server.inside(), shop).has_value());
    CHECK(lets_in(server, "shop", password));

    must_ensure(server, shop, password);
    CHECK(has_service_role(server.inside(), shop).value());
    auto sql = SqlConnection::open(server.outside("shop", "shopdb", password)).value();
    must_execute(sql, "CREATE TABLE kept (id int)");
    CHECK(remove_service_role(server.inside(), shop).has_value());
    CHECK(remove_service_role(server.inside(), shop).has_value());
    CHECK_FALSE(has_service_role(server.inside(), shop).value());
    CHECK_FALSE(lets_in(server, "shop", password));
    CHECK_FALSE(sql.execute("SELECT 1").has_value());
    auto inside = server.connect("shopdb");
    CHECK(must_query(inside, "SELECT count(*) FROM kept") == "0");
}

TEST_CASE("reserved names are refused")
{
    const SqlAddress nowhere{.host = "/nowhere"};
    const ServiceRole cases[] = {{"ramet", "db"},  {"pg_monitor", "db"}, {"", "db"},
                                 {"public", "db"}, {"role", ""},         {"role", "template1"}};
    for (const auto& wanted : cases) {
        CAPTURE(wanted.role);
        CHECK(ensure_service_role(nowhere, wanted, SecretBytes("x")).error().kind == ErrorKind::invalid);
    }
}

TEST_CASE("another user cannot reach the superuser's socket")
{
    if (!is_root()) return skip("needs a second user");
    const PostgresCluster server(ServerUse::preview);
    const auto output =
        run_command({.arguments = {"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups",
                                   PostgresCluster::program("psql"), "-h", server.socket_directory().string(), "-p",
                                   std::to_string(server.port()), "-U", "ramet", "-c", "SELECT 1", "postgres"}});
    REQUIRE(output.has_value());
    CHECK(output->exit_code != 0);
    CHECK(output->standard_error.contains("Permission denied"));
}

TEST_CASE("a server that does not answer is unavailable")
{
    const auto opened = SqlConnection::open({.host = "127.0.0.1", .port = free_port()});
    REQUIRE_FALSE(opened.has_value());
    CHECK(opened.error().kind == ErrorKind::unavailable);
}

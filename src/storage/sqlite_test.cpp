#include "storage/sqlite.hpp"

#include "storage/storage_test_support.hpp"

#include <sqlite3.h>

namespace ramet::storage {
namespace {

struct Scratch {
    testing::TemporaryDirectory directory;
    Path file = directory / "scratch.db";
    std::unique_ptr<SqliteConnection> connection = SqliteConnection::open(file, OpenMode::create).value();

    explicit Scratch(const std::string& script) { REQUIRE(connection->execute_script(script).has_value()); }
};

}  // namespace

TEST_SUITE_BEGIN("sqlite");

TEST_CASE("every kind of value comes back as it was bound")
{
    Scratch scratch("CREATE TABLE t (a, b, c, d, e, f, g, h)");
    const std::string with_zero("a\0b", 3);
    const std::optional<Time> none;
    REQUIRE(scratch.connection
                ->execute("INSERT INTO t VALUES (?,?,?,?,?,?,?,?)",
                          {42, true, "text", with_zero, Blob{with_zero}, at(5), none, std::string_view()})
                .has_value());
    const auto found = scratch.connection->find("SELECT * FROM t", {}, [&](const Row& row) {
        CHECK(row.integer(0) == 42);
        CHECK(row.boolean(1));
        CHECK(row.text(2) == "text");
        CHECK(row.text(3) == with_zero);
        CHECK(row.text(4) == with_zero);
        CHECK(row.time(5) == at(5));
        CHECK(row.is_null(6));
        CHECK_FALSE(row.optional_time(6).has_value());
        CHECK_FALSE(row.is_null(7));
        CHECK(row.text(7).empty());
        return true;
    });
    CHECK(found->has_value());
}

TEST_CASE("a statement can be used again after an error and after half its rows")
{
    Scratch scratch("CREATE TABLE t (a PRIMARY KEY); INSERT INTO t VALUES (1), (2), (3)");
    const std::string_view insert = "INSERT INTO t VALUES (?)";
    CHECK(scratch.connection->execute(insert, {1}).error().kind == ErrorKind::conflict);
    CHECK(scratch.connection->execute(insert, {4}).value() == 1);
    for (int i = 0; i < 2; ++i) {
        const auto stopped = scratch.connection->for_each(
            "SELECT a FROM t", {}, [](const Row&) -> Result<void> { return fail(ErrorKind::cancelled, "enough"); });
        CHECK(stopped.error().message == "enough");
    }
    CHECK(scratch.connection->list("SELECT a FROM t", {}, [](const Row& row) { return row.integer(0); })->size() == 4);
}

TEST_CASE("errors of SQLite become kinds that decide what happens next")
{
    Scratch scratch(
        "CREATE TABLE parent (id PRIMARY KEY); CREATE TABLE child (parent NOT NULL REFERENCES parent (id))");
    auto& connection = *scratch.connection;
    CHECK(connection.execute("INSERT INTO child VALUES (7)").error().kind == ErrorKind::conflict);
    CHECK(connection.execute("INSERT INTO child VALUES (NULL)").error().kind == ErrorKind::conflict);
    CHECK(connection.execute("INSERT INTO nowhere VALUES (1)").error().kind == ErrorKind::internal);
    CHECK(connection.execute("SELECT ?", {}).error().kind == ErrorKind::internal);
    CHECK(SqliteConnection::open(scratch.directory / "absent.db", OpenMode::read_write).error().kind ==
          ErrorKind::unavailable);
    auto reader = SqliteConnection::open(scratch.file, OpenMode::read_only).value();
    CHECK(reader->execute("DELETE FROM child").error().kind == ErrorKind::unavailable);
}

TEST_CASE("a file that is no database is an integrity error")
{
    const testing::TemporaryDirectory directory;
    const auto file = directory.write("ramet.db", std::string(8192, 'x'));
    CHECK(SqliteConnection::open(file, OpenMode::read_write).error().kind == ErrorKind::integrity);
}

TEST_CASE("a full database is unavailable, and writable again when there is room")
{
    Scratch scratch("CREATE TABLE t (a)");
    auto& connection = *scratch.connection;
    REQUIRE(connection.execute_script("PRAGMA max_page_count = 4").has_value());
    const std::string big(100'000, 'x');
    const auto refused = connection.execute("INSERT INTO t VALUES (?)", {big});
    CHECK(refused.error().kind == ErrorKind::unavailable);
    CHECK_FALSE(refused.error().next_step.empty());
    REQUIRE(connection.execute_script("PRAGMA max_page_count = 4000").has_value());
    CHECK(connection.execute("INSERT INTO t VALUES (?)", {big}).has_value());
}

TEST_CASE("a connection commits to disk before it returns")
{
    Scratch scratch("CREATE TABLE t (a)");
    const auto pragma = [&](std::string_view sql) {
        return scratch.connection->find(sql, {}, [](const Row& row) { return row.text(0); }).value().value();
    };
    CHECK(pragma("PRAGMA journal_mode") == "wal");
    CHECK(pragma("PRAGMA synchronous") == "2");
    CHECK(pragma("PRAGMA foreign_keys") == "1");
}

TEST_SUITE_END();

}  // namespace ramet::storage

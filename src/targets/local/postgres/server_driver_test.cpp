#include "targets/local/postgres/server_driver.hpp"

#include "support/local_postgres.hpp"

#include <signal.h>

using namespace ramet;
using namespace ramet::testing;

namespace {

void must_up(TestDatabase& database)
{
    const auto made = database.up();
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
}

int pid_of(TestDatabase& database)
{
    return data::read_server_pid(database.data("directory"));
}

bool is_alive(int pid)
{
    return pid > 0 && ::kill(pid, 0) == 0;
}

template <typename Condition>
bool eventually(Condition condition)
{
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
}

/// Everything that lies in the data directory of this place but store folders, the shim program and templates.
std::vector<std::string> left_in(const LocalPostgres& place)
{
    std::vector<std::string> left;
    for (const auto& folder : {place.options().servers, place.options().sockets, place.options().store.databases()})
        for (const auto& entry : std::filesystem::directory_iterator(folder)) left.push_back(entry.path().string());
    return left;
}

}  // namespace

TEST_CASE("a database comes up for its service, and leaves no process, file, port or user behind")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("e1", DataStrategy::empty));
    must_up(database);
    auto sql = database.connect();
    must_execute(sql, "CREATE TABLE t AS SELECT generate_series(1, 1000) AS id");
    CHECK(must_query(sql, "SELECT count(*) FROM t") == "1000");
    CHECK(must_query(sql, "SHOW fsync") == "off");
    CHECK(must_query(sql, "SELECT inet_server_addr()") == "127.0.0.1");
    const int pid = pid_of(database);
    const int port = database.port();
    CHECK(is_alive(pid));
    CHECK(database.output("database/db", "host") == "127.0.0.1");
    CHECK(database.output("database/db", "port") == std::to_string(port));

    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(database.down().has_value());
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
    CHECK_FALSE(is_alive(pid));
    CHECK(left_in(place).empty());
    CHECK(place.allocations.size() == 0);
    for (const auto& [path, ref] : database.refs) CHECK(place.presence(ref) == engine::Presence::absent);
    CHECK(database.down().has_value());
}

TEST_CASE("applying again leaves the server as it runs")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("e1", DataStrategy::empty));
    must_up(database);
    const int pid = pid_of(database);
    must_up(database);
    CHECK(pid_of(database) == pid);
}

TEST_CASE("a reset gives other data at the same address and drops the old")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("e1", DataStrategy::empty));
    must_up(database);
    const auto port = database.port();
    const auto old_data = database.data("directory");
    auto sql = database.connect();
    must_execute(sql, "CREATE TABLE t (id int)");

    database.spec().incarnation = 2;
    must_up(database);
    CHECK(database.port() == port);
    CHECK(database.data("directory") != old_data);
    CHECK_FALSE(std::filesystem::exists(old_data));
    auto again = database.connect();
    CHECK_FALSE(again.execute("SELECT * FROM t").has_value());
}

TEST_CASE("a server that was killed is started again by its shim, with what was committed")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, base_spec("e1"));
    must_up(database);
    auto sql = database.connect();
    must_execute(sql, "CREATE TABLE t AS SELECT 1 AS one");
    const int pid = pid_of(database);
    const auto shim = place.options().servers / database.refs["server/db"].name / "shim";
    REQUIRE(eventually(
        [&] { return targets::local::find_shim(shim).value()->state == targets::local::ShimState::healthy; }));
    REQUIRE(::kill(pid, SIGKILL) == 0);
    CHECK(eventually([&] { return pid_of(database) != pid && database.log_in(database.password()).has_value(); }));
    auto again = database.connect();
    CHECK(must_query(again, "SELECT one FROM t") == "1");
    CHECK(must_query(again, "SHOW fsync") == "on");
}

TEST_CASE("other users reach neither the superuser nor the files of a server")
{
    if (!is_root()) return skip("needs a second user");
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    TestDatabase database(place, spec_of("e1", DataStrategy::empty));
    must_up(database);
    const auto as_other = [](std::vector<std::string> command) {
        command.insert(command.begin(), {"setpriv", "--reuid=54321", "--regid=54321", "--clear-groups"});
        return run_command({.arguments = std::move(command)})->exit_code;
    };
    const auto port = std::to_string(database.port());
    CHECK(as_other({PostgresCluster::program("psql"), "-h", database.socket_directory(), "-p", port, "-U", "ramet",
                    "postgres", "-c", "SELECT 1"}) != 0);
    CHECK(as_other({PostgresCluster::program("psql"), "-w", "-h", "127.0.0.1", "-p", port, "-U", "ramet", "postgres",
                    "-c", "SELECT 1"}) != 0);
    CHECK(as_other({"cat", database.data("directory") + "/PG_VERSION"}) != 0);
    CHECK(as_other({"ls", place.data_directory().string()}) != 0);
}

TEST_CASE("a server that cannot start fails with its own words")
{
    const TemporaryDirectory folder;
    LocalPostgres place(folder.path());
    const auto spec = spec_of("e1", DataStrategy::empty);
    auto data = place.ref_of(postgres::data_node(spec), "e1");
    REQUIRE(place.bring_up(data).has_value());
    REQUIRE(std::filesystem::remove(Path(data.outputs["directory"]) / "global/pg_control"));
    auto server = place.ref_of(postgres::server_node(spec), "e1");
    server.spec.as_object()["data"] = data.outputs["directory"];
    const auto made = place.bring_up(server);
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error().evidence.contains("pg_control"));
    CHECK(place.take_down(server).has_value());
    CHECK(place.take_down(data).has_value());
    CHECK(left_in(place).empty());
}

TEST_CASE("a socket's path that would be too long is refused before anything is made")
{
    postgres::PostgresOptions options;
    options.sockets = Path("/") / std::string(90, 'x');
    const auto directory = postgres::socket_directory(options, "server-db", "/data");
    REQUIRE_FALSE(directory.has_value());
    CHECK(directory.error().kind == ErrorKind::invalid);
    options.sockets = "/var/lib/ramet/sockets";
    CHECK(postgres::socket_directory(options, "a", "/1").value() !=
          postgres::socket_directory(options, "b", "/1").value());
    CHECK(postgres::socket_directory(options, "a", "/1").value() !=
          postgres::socket_directory(options, "a", "/2").value());
}

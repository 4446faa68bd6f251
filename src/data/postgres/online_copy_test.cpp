#include "data/postgres/online_copy.hpp"

#include "support/postgres_cluster.hpp"

#include <fstream>
#include <thread>

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

namespace {

constexpr int accounts = 500;

void fill(PostgresCluster& server)
{
    auto sql = server.connect();
    must_execute(sql, fmt::format("CREATE TABLE account (id int PRIMARY KEY, balance int, note text); "
                                  "INSERT INTO account SELECT n, 100, repeat('x', 500) FROM generate_series(1, {}) n; "
                                  "CREATE INDEX ON account (balance); CREATE EXTENSION amcheck",
                                  accounts));
}

/// Moves money about, and makes and drops tables, until it is told to stop.
void work(const SqlAddress& address, std::stop_token stop)
{
    auto sql = SqlConnection::open(address);
    for (int round = 1; sql && !stop.stop_requested(); ++round) {
        const int from = round * 7 % accounts + 1;
        const int to = round * 13 % accounts + 1;
        (void)sql->execute(fmt::format("BEGIN; UPDATE account SET balance = balance - 1 WHERE id = {}; "
                                       "UPDATE account SET balance = balance + 1 WHERE id = {}; COMMIT",
                                       from, to));
        if (round % 20 == 0)
            (void)sql->execute("CREATE TABLE passing AS SELECT * FROM account; TRUNCATE passing; DROP TABLE passing");
        if (round % 50 == 0) (void)sql->execute("VACUUM account; CHECKPOINT");
    }
}

CloneResult must_copy(const PostgresCluster& server, const Path& destination)
{
    const auto made = copy_online({.server = server.inside(),
                                   .source = server.data_directory(),
                                   .destination = destination,
                                   .owner = postgres_user()});
    if (!made) FAIL(made.error().message << "\n" << made.error().evidence);
    return *made;
}

/// A server on the copy says what the one that it is of would, had it been stopped at that moment.
void check_copy(const Path& copy, const std::string& marker)
{
    const PostgresCluster server(ServerUse::preview, copy);
    auto sql = server.connect();
    CHECK(must_query(sql, "SELECT sum(balance) FROM account") == std::to_string(accounts * 100));
    CHECK(must_query(sql, "SELECT count(*) FROM account WHERE note = '" + marker + "'") == "1");
    CHECK(must_query(sql, "SELECT count(*) FROM pg_replication_slots") == "0");
    must_execute(sql, "SELECT bt_index_check(indexrelid, true) FROM pg_index i JOIN pg_class c ON c.oid = indrelid "
                      "WHERE relname = 'account'");
    must_execute(sql, "INSERT INTO account VALUES (-1, 0, 'written to the copy')");
}

void copy_under_load(const Path& place, const std::string& method)
{
    REQUIRE(::chmod(place.c_str(), 0711) == 0);
    const auto data = place / "data";
    REQUIRE(create_cloneable(data).has_value());
    REQUIRE(remove_clone(data).has_value());
    const auto cloned = clone_tree({.source = fresh_data_directory(), .destination = data, .owner = postgres_user()});
    REQUIRE(cloned.has_value());
    PostgresCluster server(ServerUse::preview, data);
    fill(server);
    std::vector<std::jthread> workers;
    for (int index = 0; index < 3; ++index)
        workers.emplace_back([&](std::stop_token stop) { work(server.inside(), std::move(stop)); });
    for (int round = 0; round < 3; ++round) {
        const auto marker = fmt::format("before {}", round);
        auto sql = server.connect();
        must_execute(sql, fmt::format("INSERT INTO account VALUES ({}, 0, '{}')", 10'000 + round, marker));
        const auto copy = place / fmt::format("copy-{}", round);
        CHECK(to_string(must_copy(server, copy).method) == method);
        check_copy(copy, marker);
        REQUIRE(remove_clone(copy).has_value());
    }
    for (auto& worker : workers) worker.request_stop();
    workers.clear();
    auto sql = server.connect();
    CHECK(must_query(sql, "SELECT count(*) FROM account WHERE id < 0") == "0");
    CHECK(must_query(sql, "SELECT count(*) FROM pg_replication_slots") == "0");
}

}  // namespace

TEST_CASE("a copy of a server that is written to holds what was committed, and is whole")
{
    const TemporaryDirectory folder;
    copy_under_load(folder.path(), to_string(probe_methods(folder.path())->front()) == "reflink" ? "reflink" : "copy");
}

TEST_CASE("where blocks can be shared it copies none but the log's")
{
    if (!is_root()) return skip("loop devices need root");
    for (const auto* type : {"xfs", "btrfs"}) {
        CAPTURE(type);
        const LoopFileSystem system(type, 1024);
        copy_under_load(system.path(), "reflink");
    }
}

TEST_CASE("on btrfs a subvolume is copied by its snapshot")
{
    if (!is_root()) return skip("loop devices need root");
    const LoopFileSystem system("btrfs", 1024);
    REQUIRE(::chmod(system.path().c_str(), 0711) == 0);
    const auto golden = system.path() / "golden";
    REQUIRE(create_cloneable(golden).has_value());
    run_as(Owner{0, 0}, {"cp", "-a", fresh_data_directory().string() + "/.", golden.string()});
    const auto data = system.path() / "data";
    REQUIRE(clone_tree({.source = golden, .destination = data, .owner = postgres_user()}).has_value());
    PostgresCluster server(ServerUse::preview, data);
    fill(server);
    auto sql = server.connect();
    must_execute(sql, "INSERT INTO account VALUES (10000, 0, 'mine')");
    CHECK(must_copy(server, system.path() / "copy").method == CloneMethod::btrfs_snapshot);
    check_copy(system.path() / "copy", "mine");
    REQUIRE(remove_clone(system.path() / "copy").has_value());
}

TEST_CASE("what cannot be copied is said, and nothing is left or overwritten")
{
    const TemporaryDirectory folder;
    const PostgresCluster server(ServerUse::preview);
    const PostgresCluster terse(ServerUse::preparing);
    std::ofstream(folder.path() / "taken") << "mine";
    auto nobody = server.inside();
    nobody.host = (folder.path() / "nowhere").string();
    std::stop_source stopped;
    stopped.request_stop();
    struct Case {
        std::string story;
        OnlineCopy request;
        ErrorKind kind;
        std::string words;
    };
    const Case cases[] = {
        {"no server", {nobody, server.data_directory(), folder.path() / "copy"}, ErrorKind::unavailable, ""},
        {"too little log",
         {terse.inside(), terse.data_directory(), folder.path() / "copy"},
         ErrorKind::conflict,
         "keeps too little of its log"},
        {"in the way",
         {server.inside(), server.data_directory(), folder.path() / "taken"},
         ErrorKind::conflict,
         "exists"},
        {"stopped",
         {server.inside(), server.data_directory(), folder.path() / "copy", {}, stopped.get_token()},
         ErrorKind::cancelled,
         "stopped"},
    };
    for (const auto& [story, request, kind, words] : cases) {
        CAPTURE(story);
        const auto made = copy_online(request);
        REQUIRE_FALSE(made.has_value());
        CHECK(made.error().kind == kind);
        CHECK(made.error().message.contains(words));
        CHECK_FALSE(std::filesystem::exists(folder.path() / "copy"));
    }
    CHECK(read_file(folder.path() / "taken").value() == "mine");
    auto sql = server.connect();
    // A temporary slot goes with its session, which the server ends a moment after its client has gone.
    const auto no_slot_is_left = [&] { return must_query(sql, "SELECT count(*) FROM pg_replication_slots") == "0"; };
    CHECK(wait_until(no_slot_is_left, std::chrono::seconds(20)));
}

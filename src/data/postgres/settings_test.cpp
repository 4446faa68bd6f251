#include "data/postgres/settings.hpp"

#include "support/postgres_cluster.hpp"

#include <fstream>

using namespace ramet;
using namespace ramet::data;
using namespace ramet::testing;

TEST_CASE("the state of a server is read from its own pid file")
{
    struct Case {
        std::string story, content;
        ServerState want;
        int pid;
    };
    const Case cases[] = {
        {"no file", "", ServerState::absent, 0},
        {"just begun", "4711\n/data\n1700000000\n", ServerState::starting, 4711},
        {"recovering", "4711\n/data\n1700000000\n5432\n/s\n127.0.0.1\n  1 2\nstarting\n", ServerState::starting, 4711},
        {"accepting", "4711\n/data\n1700000000\n5432\n/s\n127.0.0.1\n  1 2\nready   \n", ServerState::ready, 4711},
        {"without a shared memory line", "4711\n/data\n1700000000\n5432\n/s\n127.0.0.1\n\nready   \n",
         ServerState::ready, 4711},
        {"ending", "4711\n/data\n1700000000\n5432\n/s\n127.0.0.1\n  1 2\nstopping\n", ServerState::stopping, 4711},
    };
    for (const auto& [story, content, want, pid] : cases) {
        CAPTURE(story);
        const TemporaryDirectory folder;
        if (!content.empty()) std::ofstream(folder.path() / "postmaster.pid") << content;
        CHECK(read_server_state(folder.path()) == want);
        CHECK(read_server_pid(folder.path()) == pid);
    }
}

TEST_CASE("each use of a server has the settings that it needs, as the server itself says")
{
    struct Case {
        ServerUse use;
        std::string fsync, wal_level, listens;
    };
    const Case cases[] = {
        {ServerUse::base, "on", "replica", "127.0.0.1"},
        {ServerUse::preview, "off", "replica", "127.0.0.1"},
        {ServerUse::preparing, "off", "minimal", ""},
    };
    for (const auto& [use, fsync, wal_level, listens] : cases) {
        CAPTURE(wal_level);
        const PostgresCluster server(use);
        auto sql = server.connect();
        CHECK(must_query(sql, "SHOW fsync") == fsync);
        CHECK(must_query(sql, "SHOW full_page_writes") == fsync);
        CHECK(must_query(sql, "SHOW wal_level") == wal_level);
        CHECK(must_query(sql, "SHOW listen_addresses") == listens);
        CHECK(must_query(sql, "SHOW dynamic_shared_memory_type") == "mmap");
        CHECK(must_query(sql, "SHOW jit") == "off");
        CHECK(must_query(sql, "SELECT count(*) FROM pg_file_settings WHERE error IS NOT NULL") == "0");
        CHECK(must_query(sql, "SELECT count(*) FROM pg_hba_file_rules WHERE error IS NOT NULL") == "0");
        CHECK(read_server_state(server.data_directory()) == ServerState::ready);
    }
}

TEST_CASE("shared memory lies in files unless /dev/shm goes with the server")
{
    CHECK(server_configuration({}).contains("dynamic_shared_memory_type = mmap\n"));
    CHECK(server_configuration({.shared_memory = SharedMemory::private_dev_shm})
              .contains("dynamic_shared_memory_type = posix\n"));
}

TEST_CASE("paths with quotes and backslashes survive in the configuration")
{
    const auto text =
        server_configuration({.data_directory = "/d/it's", .socket_directory = "/s\\x", .configuration = "/c"});
    CHECK(text.contains("data_directory = '/d/it''s'\n"));
    CHECK(text.contains("unix_socket_directories = '/s\\\\x'\n"));
}

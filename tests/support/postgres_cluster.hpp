#pragma once

#include "data/clone/ladder.hpp"
#include "data/postgres/connection.hpp"
#include "data/postgres/settings.hpp"
#include "support/loop_file_system.hpp"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace ramet::testing {

inline constexpr std::string_view postgres_programs = "/usr/lib/postgresql/15/bin";

/// The user that PostgreSQL's programs are run as: they refuse root.
inline data::Owner postgres_user()
{
    if (!is_root()) return {::geteuid(), ::getegid()};
    const auto* entry = ::getpwnam("postgres");
    REQUIRE(entry != nullptr);
    return {entry->pw_uid, entry->pw_gid};
}

/// Runs a program as `user` to its end.
inline std::string run_as(const data::Owner& user, std::vector<std::string> arguments)
{
    if (is_root())
        arguments.insert(arguments.begin(), {"setpriv", fmt::format("--reuid={}", user.user),
                                             fmt::format("--regid={}", user.group), "--clear-groups"});
    const auto output =
        run_checked({.arguments = arguments, .environment = {{"LC_ALL", "C.UTF-8"}}, .working_directory = "/"});
    if (!output) FAIL(output.error().message << ": " << output.error().evidence);
    return *output;
}

/// A freshly initialised data directory, made once per test program.
inline Path fresh_data_directory()
{
    static const TemporaryDirectory folder;
    static const Path made = [] {
        const auto user = postgres_user();
        REQUIRE(::chown(folder.path().c_str(), user.user, user.group) == 0);
        run_as(user,
               {fmt::format("{}/initdb", postgres_programs), "-D", (folder.path() / "fresh").string(), "-U", "ramet",
                "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"});
        return folder.path() / "fresh";
    }();
    return made;
}

/// A real server with Ramet's own configuration, for the length of a test. As root it runs as the user "postgres".
class PostgresCluster {
public:
    /// Serves `data_directory`, or a fresh one.
    explicit PostgresCluster(data::ServerUse use = data::ServerUse::base, Path data_directory = {})
        : data_directory_(std::move(data_directory)), port_(free_port())
    {
        const auto user = postgres_user();
        ::chmod(folder_.path().c_str(), 0711);
        if (data_directory_.empty()) {
            data_directory_ = folder_.path() / "data";
            const auto cloned =
                data::clone_tree({.source = fresh_data_directory(), .destination = data_directory_, .owner = user});
            if (!cloned) FAIL(cloned.error().message);
        }
        REQUIRE(ensure_directory(socket_directory(), 0700).has_value());
        REQUIRE(::chown(socket_directory().c_str(), user.user, user.group) == 0);
        settings_ = {use, port_, data_directory_, socket_directory(), folder_.path()};
        REQUIRE(data::write_configuration(settings_).has_value());
        start();
    }
    PostgresCluster(const PostgresCluster&) = delete;
    PostgresCluster& operator=(const PostgresCluster&) = delete;
    ~PostgresCluster() { stop(); }

    void start()
    {
        const auto log = folder_.path() / "socket/log";
        run_as(postgres_user(),
               {program("pg_ctl"), "start", "-w", "-s", "-D", data_directory_.string(), "-l", log.string(), "-o",
                fmt::format("-c config_file={}", (folder_.path() / "postgresql.conf").string())});
        running_ = true;
    }

    void stop()
    {
        if (running_)
            run_as(postgres_user(),
                   {program("pg_ctl"), "stop", "-w", "-s", "-m", "fast", "-D", data_directory_.string()});
        running_ = false;
    }

    int port() const { return port_; }
    Path socket_directory() const { return folder_.path() / "socket"; }
    const Path& data_directory() const { return data_directory_; }
    std::string log() const { return read_file(folder_.path() / "socket/log").value_or(""); }

    /// As the superuser, by the socket.
    data::SqlAddress inside(std::string database = "postgres") const
    {
        return {.host = socket_directory().string(), .port = port_, .database = std::move(database)};
    }
    /// As services do.
    data::SqlAddress outside(std::string user, std::string database, const SecretBytes& password) const
    {
        return {.host = "127.0.0.1",
                .port = port_,
                .database = std::move(database),
                .user = std::move(user),
                .password = &password};
    }

    data::SqlConnection connect(std::string database = "postgres") const
    {
        auto opened = data::SqlConnection::open(inside(std::move(database)));
        if (!opened) FAIL(opened.error().message);
        return std::move(*opened);
    }

    /// Rows, schema, roles and settings, in a fixed order.
    std::string dump() const
    {
        return run_as(postgres_user(), {program("pg_dumpall"), "-h", socket_directory().string(), "-p",
                                        std::to_string(port_), "-U", "ramet"});
    }

    static std::string program(std::string_view name) { return fmt::format("{}/{}", postgres_programs, name); }

private:
    TemporaryDirectory folder_;
    Path data_directory_;
    int port_;
    data::ServerSettings settings_;
    bool running_ = false;
};

/// Statements that must succeed.
inline void must_execute(data::SqlConnection& sql, const std::string& statements)
{
    const auto done = sql.execute(statements);
    if (!done) FAIL(done.error().message);
}

inline std::string must_query(data::SqlConnection& sql, const std::string& statement)
{
    const auto value = sql.query_value(statement);
    if (!value) FAIL(value.error().message);
    return value->value_or("(null)");
}

}  // namespace ramet::testing

#pragma once

#include "storage/database.hpp"
#include "storage/postgres/connection.hpp"
#include "support/temporary.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <unistd.h>

namespace ramet::storage {

/// The PostgreSQL server that RAMET_TEST_STORE names: the tests then run on it instead of SQLite, each database of a test in a
/// schema of its own. Those that are about SQLite alone stand in the test suite "sqlite".
inline std::optional<std::string> test_store()
{
    const char* url = std::getenv("RAMET_TEST_STORE");
    return url == nullptr ? std::nullopt : std::optional<std::string>(url);
}

/// A schema of its own in that server, gone at the end of the test.
class TestSchema {
public:
    explicit TestSchema(const std::string& server) : server_(server)
    {
        static std::atomic<int> count = 0;
        name_ = fmt::format("test_{}_{}", ::getpid(), ++count);
        must_execute("CREATE SCHEMA " + name_);
    }
    TestSchema(const TestSchema&) = delete;
    TestSchema& operator=(const TestSchema&) = delete;
    ~TestSchema() { must_execute("DROP SCHEMA " + name_ + " CASCADE"); }

    const std::string& name() const { return name_; }
    PostgresPlace place(std::string server = "server-1") const
    {
        const auto url = server_ + (server_.contains('?') ? "&" : "?") + "options=-csearch_path%3D" + name_;
        return {.address = PostgresAddress::parse(url, {}).value(), .server = std::move(server)};
    }

    /// By a session of its own, as an operator would.
    void must_execute(const std::string& sql) const
    {
        const PostgresPlace outside{.address = PostgresAddress::parse(server_, {}).value(), .server = "test"};
        const auto session = PostgresConnection::open(outside, PostgresUse::writing);
        if (!session) FAIL(session.error().message << ": " << session.error().evidence);
        const auto done = (*session)->execute_script(sql);
        if (!done) FAIL(done.error().message);
    }

private:
    std::string server_;
    std::string name_;
};

/// A database of its own, gone at the end of the test: in a directory, or in a schema.
class TestDatabase {
public:
    TestDatabase()
    {
        if (const auto server = test_store()) {
            schema_.emplace(*server);
            place_ = std::make_unique<PostgresPlace>(schema_->place());
            REQUIRE(ensure_directory(directory()).has_value());
        }
        open();
    }

    Database& operator*() { return *database_; }
    Database* operator->() { return database_.get(); }
    Path directory() const { return directory_ / "state"; }
    Path file() const { return directory() / "ramet.db"; }

    /// As after a restart of the process.
    void reopen()
    {
        database_.reset();
        open();
    }
    void close() { database_.reset(); }

private:
    void open()
    {
        auto opened = place_ ? Database::open(*place_) : Database::open(directory());
        if (!opened) FAIL(opened.error().message << ": " << opened.error().evidence);
        database_ = std::move(*opened);
    }

    testing::TemporaryDirectory directory_;
    std::optional<TestSchema> schema_;
    std::unique_ptr<PostgresPlace> place_;
    std::unique_ptr<Database> database_;
};

/// The write is expected to succeed.
inline void must_write(TestDatabase& database, const Write& write)
{
    const auto written = database->write(write);
    if (!written) FAIL(written.error().message);
}

inline Time at(int milliseconds)
{
    return Time(Milliseconds(1'700'000'000'000 + milliseconds));
}

}  // namespace ramet::storage

#pragma once

#include "base/file.hpp"
#include "storage/connection.hpp"

#include <memory>
#include <unordered_map>

struct sqlite3;
struct sqlite3_stmt;

namespace ramet::storage {

enum class OpenMode : std::uint8_t { read_only, read_write, create };

/// `passive` waits for nobody and does what can be done; after `restart`, for which writers wait, the log begins anew.
enum class Checkpoint : std::uint8_t { passive, restart };

/// One connection to a database file: WAL, foreign keys on, each commit on disk (`synchronous=FULL`) before it returns.
class SqliteConnection final : public Connection {
public:
    static Result<std::unique_ptr<SqliteConnection>> open(const Path& file, OpenMode mode);
    ~SqliteConnection() override;

    Result<void> execute_script(const std::string& sql) override;
    Result<void> begin_writing() override;
    Result<void> begin_reading() override { return step("BEGIN"); }
    Result<void> commit() override { return step("COMMIT"); }
    void roll_back() override;
    bool is_in_transaction() const override;
    /// A file has one server.
    Result<void> announce(const std::string&) override { return {}; }
    Result<Time> clock() override { return SystemClock().now(); }

    /// Moves pages from the write-ahead log into the database.
    Result<void> checkpoint(Checkpoint how);
    /// Called after each commit with the number of pages in the write-ahead log, instead of SQLite's own checkpoints.
    void on_commit(std::function<void(int pages)> watcher);

    sqlite3* handle() const { return handle_; }

private:
    explicit SqliteConnection(sqlite3* handle) : handle_(handle) {}
    /// Compiled once, as it comes with every transaction.
    Result<void> step(std::string_view sql)
    {
        TRY(execute(sql));
        return {};
    }
    Result<sqlite3_stmt*> prepare(std::string_view sql);
    Result<std::int64_t> run(std::string_view sql, const Value* values, std::size_t count,
                             const Visitor* visit) override;

    sqlite3* handle_;
    std::unordered_map<std::string, sqlite3_stmt*, TextHash, std::equal_to<>> statements_;
    std::function<void(int pages)> watcher_{};
};

}  // namespace ramet::storage

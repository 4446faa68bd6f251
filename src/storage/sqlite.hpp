#pragma once

#include "base/file.hpp"
#include "base/result.hpp"
#include "storage/value.hpp"

#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace ramet::storage {

/// The row that a statement stands on. Valid only inside the function that it is given to. Columns count from 0.
class Row {
public:
    explicit Row(sqlite3_stmt* statement) : statement_(statement) {}

    std::string text(int column) const;      ///< also for blobs; NULL is empty
    std::int64_t integer(int column) const;  ///< NULL is 0
    bool boolean(int column) const { return integer(column) != 0; }
    Time time(int column) const;
    std::optional<Time> optional_time(int column) const;
    std::optional<std::string> optional_text(int column) const;
    bool is_null(int column) const;
    template <typename IdType>
    IdType id(int column) const
    {
        return IdType(text(column));
    }

private:
    sqlite3_stmt* statement_;
};

enum class OpenMode : std::uint8_t { read_only, read_write, create };

/// `passive` waits for nobody and does what can be done; after `restart`, for which writers wait, the log begins anew.
enum class Checkpoint : std::uint8_t { passive, restart };

/// One connection to a database file: WAL, foreign keys on, each commit on disk (`synchronous=FULL`) before it returns.
/// Used by one thread at a time. Statements are compiled once per connection and text.
///
/// Errors: `unavailable` (busy, disk full, I/O, out of memory), `integrity` (corrupt, not a database), `conflict` (a
/// key exists or is missing), `internal` for everything that is a defect of Ramet's own statements.
class Connection {
public:
    static Result<std::unique_ptr<Connection>> open(const Path& file, OpenMode mode);
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    using Values = std::initializer_list<Value>;
    using Visitor = std::function<Result<void>(const Row&)>;

    /// Runs one statement to its end; returns how many rows it changed.
    Result<std::int64_t> execute(std::string_view sql, Values values = {});
    /// Several statements without parameters: migrations and pragmas.
    Result<void> execute_script(const std::string& sql);
    /// Calls `visit` for each row; stops at its first error.
    Result<void> for_each(std::string_view sql, Values values, const Visitor& visit);
    /// `values` for statements whose number of parameters is known only at run time.
    Result<void> for_each(std::string_view sql, const std::vector<Value>& values, const Visitor& visit);

    /// The first row, read by `read(const Row&)`, or nothing.
    template <typename Read>
    auto find(std::string_view sql, Values values, Read read)
        -> Result<std::optional<decltype(read(std::declval<const Row&>()))>>;
    /// All rows.
    template <typename Read>
    auto list(std::string_view sql, Values values, Read read)
        -> Result<std::vector<decltype(read(std::declval<const Row&>()))>>;

    /// Moves pages from the write-ahead log into the database.
    Result<void> checkpoint(Checkpoint how);
    /// Called after each commit with the number of pages in the write-ahead log, instead of SQLite's own checkpoints.
    void on_commit(std::function<void(int pages)> watcher);

    std::int64_t last_insert_id() const;
    /// False when no transaction is open, also because a grave error has ended one.
    bool is_in_transaction() const;
    sqlite3* handle() const { return handle_; }

private:
    explicit Connection(sqlite3* handle) : handle_(handle) {}
    Result<sqlite3_stmt*> prepare(std::string_view sql);
    Result<std::int64_t> run(std::string_view sql, const Value* values, std::size_t count, const Visitor* visit);

    sqlite3* handle_;
    std::unordered_map<std::string, sqlite3_stmt*> statements_;
    std::function<void(int pages)> watcher_{};
};

template <typename Read>
auto Connection::find(std::string_view sql, Values values, Read read)
    -> Result<std::optional<decltype(read(std::declval<const Row&>()))>>
{
    std::optional<decltype(read(std::declval<const Row&>()))> found;
    TRY(for_each(sql, values, [&](const Row& row) -> Result<void> {
        if (!found) found.emplace(read(row));
        return {};
    }));
    return found;
}

template <typename Read>
auto Connection::list(std::string_view sql, Values values, Read read)
    -> Result<std::vector<decltype(read(std::declval<const Row&>()))>>
{
    std::vector<decltype(read(std::declval<const Row&>()))> rows;
    TRY(for_each(sql, values, [&](const Row& row) -> Result<void> {
        rows.push_back(read(row));
        return {};
    }));
    return rows;
}

}  // namespace ramet::storage

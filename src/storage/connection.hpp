#pragma once

#include "base/result.hpp"
#include "storage/value.hpp"

#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ramet::storage {

/// The row that a statement stands on. Valid only inside the function that it is given to. Columns count from 0.
class Row {
public:
    Row() = default;
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;
    virtual ~Row() = default;

    virtual std::string text(int column) const = 0;      ///< also for blobs; NULL is empty
    virtual std::int64_t integer(int column) const = 0;  ///< NULL is 0
    virtual bool is_null(int column) const = 0;

    bool boolean(int column) const { return integer(column) != 0; }
    Time time(int column) const { return Time(Milliseconds(integer(column))); }
    std::optional<Time> optional_time(int column) const
    {
        return is_null(column) ? std::nullopt : std::optional(time(column));
    }
    std::optional<std::string> optional_text(int column) const
    {
        return is_null(column) ? std::nullopt : std::optional(text(column));
    }
    template <typename IdType>
    IdType id(int column) const
    {
        return IdType(text(column));
    }
};

/// One connection to a database, of whichever kind. Used by one thread at a time. Statements are compiled once per connection
/// and text. They are written in what SQLite and PostgreSQL have in common, with `?` or `?1` for values.
///
/// Errors: `unavailable` (cannot be reached, busy, disk full, I/O, out of memory), `integrity` (corrupt, not a database),
/// `conflict` (a key exists or is missing), `internal` for everything that is a defect of Ramet's own statements.
class Connection {
public:
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    virtual ~Connection() = default;

    using Values = std::initializer_list<Value>;
    using Visitor = std::function<Result<void>(const Row&)>;

    /// Runs one statement to its end; returns how many rows it changed.
    Result<std::int64_t> execute(std::string_view sql, Values values = {})
    {
        return run(sql, values.begin(), values.size(), nullptr);
    }
    /// Calls `visit` for each row; stops at its first error.
    Result<void> for_each(std::string_view sql, Values values, const Visitor& visit)
    {
        TRY(run(sql, values.begin(), values.size(), &visit));
        return {};
    }
    /// `values` for statements whose number of parameters is known only at run time.
    Result<void> for_each(std::string_view sql, const std::vector<Value>& values, const Visitor& visit)
    {
        TRY(run(sql, values.data(), values.size(), &visit));
        return {};
    }
    /// The first row, read by `read(const Row&)`, or nothing.
    template <typename Read>
    auto find(std::string_view sql, Values values, Read read)
        -> Result<std::optional<decltype(read(std::declval<const Row&>()))>>;
    /// All rows.
    template <typename Read>
    auto list(std::string_view sql, Values values, Read read)
        -> Result<std::vector<decltype(read(std::declval<const Row&>()))>>;

    /// What is made of a statement's answer: how many rows it changed, or its error.
    using Counted = std::function<Result<void>(Result<std::int64_t>)>;
    /// The same of its first row; null when there is none.
    using Found = std::function<Result<void>(const Row*)>;

    /// Like `execute`, for many statements inside a transaction: where each answer is a journey they make it together. They run in their
    /// order, all of them before any other statement and at the latest in `flush`. The first error is told by whichever call learns of it,
    /// that of `counted` included. What a function refers to has to live until then; `values` need not.
    Result<void> post(std::string_view sql, Values values = {}, Counted counted = {})
    {
        return run_later(sql, values.begin(), values.size(), {std::move(counted), {}});
    }
    Result<void> post_find(std::string_view sql, Values values, Found found)
    {
        return run_later(sql, values.begin(), values.size(), {{}, std::move(found)});
    }
    /// Runs what was posted.
    virtual Result<void> flush() { return {}; }

    /// Several statements without parameters.
    virtual Result<void> execute_script(const std::string& sql) = 0;

    /// Waits until nobody else writes, then keeps others from it until `commit` or `roll_back`.
    virtual Result<void> begin_writing() = 0;
    /// What follows sees the database as of one moment, until `commit`.
    virtual Result<void> begin_reading() = 0;
    /// An error means that nothing of the transaction stands, unless `is_in_doubt` says that nobody knows.
    virtual Result<void> commit() = 0;
    virtual bool is_in_doubt() const { return false; }
    virtual void roll_back() = 0;
    /// False when no transaction is open, also because a grave error has ended one.
    virtual bool is_in_transaction() const = 0;
    /// Tells the other servers of this store, if there can be any, with the transaction's commit.
    virtual Result<void> announce(const std::string& news) = 0;

    /// The time that all servers of this store agree on.
    virtual Result<Time> clock() = 0;

protected:
    /// Looked up for every statement that is run: without a copy of its text.
    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
    };
    /// One of them, or none where only an error counts.
    struct Answer {
        Counted counted{};
        Found found{};
    };
    /// At once, where an answer costs next to nothing.
    virtual Result<void> run_later(std::string_view sql, const Value* values, std::size_t count, Answer answer);
    virtual Result<std::int64_t> run(std::string_view sql, const Value* values, std::size_t count,
                                     const Visitor* visit) = 0;
};

inline Result<void> Connection::run_later(std::string_view sql, const Value* values, std::size_t count, Answer answer)
{
    if (answer.counted) return answer.counted(run(sql, values, count, nullptr));
    bool is_found = false;
    const Visitor visit = [&](const Row& row) -> Result<void> {
        return std::exchange(is_found, true) ? Result<void>{} : answer.found(&row);
    };
    TRY(run(sql, values, count, answer.found ? &visit : nullptr));
    return answer.found && !is_found ? answer.found(nullptr) : Result<void>{};
}

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

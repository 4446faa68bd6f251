#include "storage/allocations.hpp"

#include "base/hash.hpp"
#include "storage/rows.hpp"

#include <set>

namespace ramet::storage {
namespace {

Result<std::optional<int>> find_held(Connection& connection, const Allocations::Request& request)
{
    return connection.find("SELECT number FROM allocation WHERE kind = ? AND owner = ? AND path = ?",
                           {request.kind, request.owner, request.path},
                           [](const Row& row) { return static_cast<int>(row.integer(0)); });
}

Result<std::set<int>> taken_numbers(Connection& connection, const Allocations::Request& request)
{
    std::set<int> taken;
    TRY(connection.for_each("SELECT number FROM allocation WHERE kind = ? AND number BETWEEN ? AND ?",
                            {request.kind, request.first, request.last}, [&](const Row& row) -> Result<void> {
                                taken.insert(static_cast<int>(row.integer(0)));
                                return {};
                            }));
    return taken;
}

std::string cursor_key(const Allocations::Request& request)
{
    return "allocation.last." + std::string(request.kind);
}

int size_of(const Allocations::Request& request)
{
    return request.last - request.first + 1;
}

/// `steps` further on in the range, which begins again behind its end.
int advance(const Allocations::Request& request, int number, int steps)
{
    const auto offset = (std::int64_t{number} - request.first + steps) % size_of(request);
    return static_cast<int>(request.first + offset);
}

/// The same for the same text, and spread over the range.
int spread(const Allocations::Request& request, const std::string& text)
{
    const auto number = std::stoull(short_hash({text, request.kind}, 12), nullptr, 16);
    return request.first + static_cast<int>(number % static_cast<unsigned>(size_of(request)));
}

}  // namespace

Result<int> SqliteAllocations::first_to_try(Connection& connection, const Request& request) const
{
    const auto last = TRY(connection.find("SELECT CAST(value AS BIGINT) FROM meta WHERE key = ?", {cursor_key(request)},
                                          [](const Row& row) { return static_cast<int>(row.integer(0)); }));
    if (last && *last >= request.first && *last <= request.last) return advance(request, *last, 1);
    return install_.empty() ? request.first : spread(request, install_);
}

Result<int> SqliteAllocations::choose(Connection& connection, const Request& request) const
{
    const auto taken = TRY(taken_numbers(connection, request));
    const int start = TRY(first_to_try(connection, request));
    for (int i = 0; i < size_of(request); ++i) {
        const int number = advance(request, start, i);
        if (taken.contains(number)) continue;
        if (!request.is_usable || TRY(request.is_usable(number))) return number;
    }
    Error error{ErrorKind::unavailable,
                fmt::format("no {} between {} and {} is left", request.kind, request.first, request.last)};
    error.next_step = "end some previews";
    return std::unexpected(std::move(error));
}

Result<int> SqliteAllocations::ensure(const Request& request)
{
    {
        Reading reading(database_, nullptr);
        if (const auto held = TRY(find_held(*reading, request))) return *held;
    }
    int number = 0;
    const auto take = [&](Transaction& transaction) -> Result<void> {
        const auto held = TRY(find_held(*transaction, request));
        number = held ? *held : TRY(choose(*transaction, request));
        if (held) return {};
        TRY(transaction->execute("INSERT INTO allocation (kind, number, owner, path) VALUES (?,?,?,?)",
                                 {request.kind, number, request.owner, request.path}));
        return put_meta(transaction, cursor_key(request), std::to_string(number));
    };
    TRY(database_.write(take));
    return number;
}

Result<void> SqliteAllocations::release(std::string_view kind, std::string_view owner, std::string_view path)
{
    return database_.write([&](Transaction& transaction) {
        return discard_count(transaction->execute("DELETE FROM allocation WHERE kind = ? AND owner = ? AND path = ?",
                                                  {kind, owner, path}));
    });
}

}  // namespace ramet::storage

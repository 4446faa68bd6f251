#pragma once

#include "storage/transaction.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace ramet::storage {

/// The row, or `not_found`: "no project is called shop".
template <typename T>
Result<T> require_row(Result<std::optional<T>> found, std::string_view what, std::string_view name)
{
    if (!found) return std::unexpected(std::move(found).error());
    if (!*found) return fail(ErrorKind::not_found, "no {} is called {}", what, name);
    return std::move(**found);
}

/// For statements that name one row: `not_found` when they changed none.
inline Result<void> require_change(Result<std::int64_t> changed, std::string_view what, std::string_view name)
{
    if (!changed) return std::unexpected(std::move(changed).error());
    if (*changed == 0) return fail(ErrorKind::not_found, "no {} is called {}", what, name);
    return {};
}

/// For statements whose count does not matter.
inline Result<void> discard_count(Result<std::int64_t> changed)
{
    if (!changed) return std::unexpected(std::move(changed).error());
    return {};
}

/// For insertions: a key that exists becomes "a project called shop exists already".
inline Result<void> require_new(Result<std::int64_t> inserted, std::string_view what, std::string_view name)
{
    if (inserted) return {};
    if (inserted.error().kind != ErrorKind::conflict) return std::unexpected(std::move(inserted).error());
    Error error{
        ErrorKind::conflict,
        fmt::format("the {} {} cannot be added: it exists already, or what it belongs to does not", what, name)};
    error.evidence = inserted.error().message;
    return std::unexpected(std::move(error));
}

/// One of the few values that the store keeps by name; the newest counts.
inline Result<void> put_meta(Transaction& transaction, std::string_view key, std::string_view value)
{
    return discard_count(transaction->execute(
        "INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        {key, value}));
}

}  // namespace ramet::storage

#pragma once

#include <span>
#include <string_view>

namespace ramet::storage {

/// One step of the schema, forwards only. `version` is what the database has afterwards.
/// A released migration never changes; what has to change gets a new file and the next number.
struct Migration {
    int version;
    std::string_view sql;
    /// The oldest version whose Ramet can still work on what comes out: while servers are replaced one by one, the old ones go on
    /// beside the new. A change that they would stumble over (a column renamed or dropped, a new meaning) names its own version.
    /// Meaningful where several servers share a store.
    int serves_from;
};

extern const std::string_view migration_0001;
extern const std::string_view migration_0002;
extern const std::string_view migration_0003;
extern const std::string_view migration_0004;

extern const std::string_view postgres_migration_0004;

/// All of them, by version: 1, 2, 3, …
std::span<const Migration> migrations();
/// The same for PostgreSQL, which begins with SQLite's fourth schema: from there on both have the same numbers.
std::span<const Migration> postgres_migrations();

}  // namespace ramet::storage

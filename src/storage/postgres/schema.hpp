#pragma once

#include "storage/migrations/migration.hpp"
#include "storage/postgres/connection.hpp"

#include <span>

namespace ramet::storage {

/// What a store is at.
struct PostgresSchema {
    int version = 0;      ///< 0: there is none yet
    int serves_from = 0;  ///< see `Migration`
};

Result<PostgresSchema> find_schema(PostgresConnection& connection);

/// Brings the store to the newest schema that is known here, each migration in a transaction of its own, whoever comes first. A
/// newer one is left as it is, and is good enough when it says so. `refused`: it is not, or a server that is up could not go on
/// with what would come out.
Result<void> migrate(PostgresConnection& connection, std::span<const Migration> known = postgres_migrations());

}  // namespace ramet::storage

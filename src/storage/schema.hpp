#pragma once

#include "storage/connection.hpp"
#include "storage/migrations/migration.hpp"

#include <span>

namespace ramet::storage {

/// Brings a database to the newest schema, each migration in a transaction of its own, so that a crash leaves a
/// version that is known. `refused` when a newer Ramet has written it: there is no way back.
Result<void> migrate(Connection& connection, std::span<const Migration> known = migrations());

/// What `migrate` has reached: 0 for an empty database.
Result<int> schema_version(Connection& connection);

}  // namespace ramet::storage

#pragma once

#include "base/error.hpp"

#include <string_view>

typedef struct pg_conn PGconn;
typedef struct pg_result PGresult;

namespace ramet::storage {

/// What went wrong with a statement, by its SQLSTATE; without one, by the state of the connection.
Error postgres_error(const PGresult* result, const PGconn* connection, std::string_view what);

/// What went wrong while connecting to `place`.
Error postgres_connect_error(const PGconn* connection, std::string_view place);

}  // namespace ramet::storage

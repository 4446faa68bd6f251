#pragma once

#include "base/error.hpp"

#include <string_view>

struct sqlite3;

namespace ramet::storage {

/// What SQLite's result code says, in Ramet's terms; the words are those of the connection (which may be null).
Error sqlite_error(sqlite3* connection, int code, std::string_view what);

}  // namespace ramet::storage

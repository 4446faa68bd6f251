#pragma once

#include <span>
#include <string_view>

namespace ramet::storage {

/// One step of the schema, forwards only. `version` is what the database has afterwards (`PRAGMA user_version`).
/// A released migration never changes; what has to change gets a new file and the next number.
struct Migration {
    int version;
    std::string_view sql;
};

extern const std::string_view migration_0001;
extern const std::string_view migration_0002;

/// All of them, by version: 1, 2, 3, …
std::span<const Migration> migrations();

}  // namespace ramet::storage

#include "storage/sqlite_error.hpp"

#include <fmt/core.h>
#include <sqlite3.h>

namespace ramet::storage {
namespace {

struct Meaning {
    ErrorKind kind;
    std::string_view next_step;
};

Meaning meaning_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL: return {ErrorKind::unavailable, "free some space on the disk of the data directory"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL: return {ErrorKind::unavailable, "end the other program that has this database open"};
    case SQLITE_IOERR: return {ErrorKind::unavailable, "look at the kernel's messages about this disk (dmesg)"};
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH: return {ErrorKind::unavailable, "see that the data directory exists and belongs to Ramet's user"};
    case SQLITE_NOMEM: return {ErrorKind::unavailable, "give the server more memory"};
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return {ErrorKind::integrity, "put the newest backup of the data directory back"};
    case SQLITE_CONSTRAINT: return {ErrorKind::conflict, {}};
    default: return {ErrorKind::internal, {}};
    }
}

}  // namespace

Error sqlite_error(sqlite3* connection, int code, std::string_view what)
{
    const auto [kind, next_step] = meaning_of(code);
    const char* const words = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
    Error error{kind, fmt::format("{}: {}", what, words)};
    error.evidence = fmt::format("SQLite result code {}", code);
    error.next_step = next_step;
    return error;
}

}  // namespace ramet::storage

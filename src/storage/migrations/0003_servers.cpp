#include "storage/migrations/migration.hpp"

namespace ramet::storage {

// Several servers on one store: who is up, and whose turn it is at what may happen once at a time. Events are numbered by a row
// of their own, as a sequence of PostgreSQL's leaves gaps.
const std::string_view migration_0003 = R"sql(
CREATE TABLE server (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    version    TEXT NOT NULL,
    schema     INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE turn (
    key    TEXT PRIMARY KEY,
    server TEXT NOT NULL,
    until  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO meta SELECT 'event.last', CAST(seq AS TEXT) FROM sqlite_sequence WHERE name = 'event';
)sql";

}  // namespace ramet::storage

#include "storage/migrations/migration.hpp"

namespace ramet::storage {

// What a delivery said stands apart from what became of it: SQLite writes a whole row when one column changes.
const std::string_view migration_0002 = R"sql(
CREATE TABLE delivery_content (
    delivery INTEGER PRIMARY KEY REFERENCES delivery (id) ON DELETE CASCADE,
    headers  TEXT NOT NULL,
    body     BLOB NOT NULL
) STRICT;
INSERT INTO delivery_content SELECT id, headers, body FROM delivery;
ALTER TABLE delivery DROP COLUMN headers;
ALTER TABLE delivery DROP COLUMN body;
)sql";

}  // namespace ramet::storage

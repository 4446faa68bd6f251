#include "storage/migrations/migration.hpp"

namespace ramet::storage {

// What many runs write at one moment stands together at the end of its table, however far apart their keys are: fewer pages
// change with a commit, and each of these is written twice. The keys are indexes, which are small.
const std::string_view migration_0004 = R"sql(
ALTER TABLE journal RENAME TO journal_by_key;
CREATE TABLE journal (
    run_id       TEXT NOT NULL,
    seq          INTEGER NOT NULL,
    step         TEXT NOT NULL,
    attempt      INTEGER NOT NULL,
    epoch        INTEGER NOT NULL,
    record       TEXT NOT NULL,
    token        TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    external_id  TEXT NOT NULL,
    outcome      TEXT NOT NULL,
    at           INTEGER NOT NULL,
    prev_hash    TEXT NOT NULL,
    PRIMARY KEY (run_id, seq)
) STRICT;
INSERT INTO journal SELECT * FROM journal_by_key;
DROP TABLE journal_by_key;
CREATE TRIGGER journal_is_not_edited BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

-- Owner and path say what the id does, which is derived from them.
ALTER TABLE resource RENAME TO resource_by_key;
CREATE TABLE resource (
    id                TEXT NOT NULL,
    incarnation       INTEGER NOT NULL,
    owner_id          TEXT NOT NULL,
    install           TEXT NOT NULL,
    owner_nonce       TEXT NOT NULL,
    path              TEXT NOT NULL,
    kind              TEXT NOT NULL,
    name              TEXT NOT NULL,
    external_id       TEXT NOT NULL,
    identity          TEXT NOT NULL,
    spec              TEXT NOT NULL,
    outputs           TEXT NOT NULL,
    phase             TEXT NOT NULL,
    spec_hash         TEXT NOT NULL,
    depends_on        TEXT NOT NULL,
    last_good_spec    TEXT,
    last_good_outputs TEXT NOT NULL,
    intent_at         INTEGER NOT NULL,
    changed_at        INTEGER,
    absent_at         INTEGER,
    PRIMARY KEY (owner_id, path, incarnation)
) STRICT;
INSERT INTO resource SELECT * FROM resource_by_key;
DROP TABLE resource_by_key;
CREATE INDEX resource_name ON resource (kind, name);
)sql";

}  // namespace ramet::storage

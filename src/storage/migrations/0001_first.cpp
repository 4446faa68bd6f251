#include "storage/migrations/migration.hpp"

namespace ramet::storage {

// Times are milliseconds since 1970 UTC. "None" is NULL where a column is unique or refers to another table, ''
// elsewhere.
const std::string_view migration_0001 = R"sql(
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE project (
    id                     TEXT PRIMARY KEY,
    name                   TEXT NOT NULL UNIQUE,
    repository_url         TEXT NOT NULL,
    connection             TEXT UNIQUE,
    forge                  TEXT NOT NULL,
    forge_url              TEXT NOT NULL,
    repository_owner       TEXT NOT NULL,
    repository_name        TEXT NOT NULL,
    token_secret           TEXT NOT NULL,
    token_version          INTEGER NOT NULL,
    webhook_secret         TEXT NOT NULL,
    webhook_secret_version INTEGER NOT NULL,
    webhook_state          TEXT NOT NULL,
    trusted_branch         TEXT NOT NULL,
    trusted_commit         TEXT NOT NULL,
    file_name              TEXT NOT NULL,
    file_text              TEXT NOT NULL,
    target_here            INTEGER NOT NULL,
    poll_state             TEXT NOT NULL,
    created_at             INTEGER NOT NULL
) STRICT;

CREATE TABLE environment (
    id                  TEXT PRIMARY KEY,
    project             TEXT NOT NULL REFERENCES project (id),
    name                TEXT NOT NULL,
    origin              TEXT NOT NULL,
    is_protected        INTEGER NOT NULL,
    base                TEXT REFERENCES environment (id),
    trusted_branch      TEXT NOT NULL,
    target              TEXT NOT NULL,
    desired_generation  INTEGER NOT NULL,
    observed_generation INTEGER NOT NULL,
    power               TEXT NOT NULL,
    state               TEXT NOT NULL,
    reason              TEXT NOT NULL,
    commit_sha          TEXT NOT NULL,
    branch              TEXT NOT NULL,
    pull_request        INTEGER NOT NULL,
    created_by          TEXT NOT NULL,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    expires_at          INTEGER,
    is_pinned           INTEGER NOT NULL,
    last_run            TEXT NOT NULL,
    desired             TEXT NOT NULL DEFAULT '',
    notes               TEXT NOT NULL DEFAULT '',
    UNIQUE (project, name)
) STRICT;
CREATE INDEX environment_base ON environment (base) WHERE base IS NOT NULL;
CREATE INDEX environment_expiry ON environment (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX environment_pull_request ON environment (project, pull_request) WHERE pull_request <> 0;

CREATE TABLE past_environment (
    id           TEXT PRIMARY KEY,
    project      TEXT NOT NULL,
    name         TEXT NOT NULL,
    pull_request INTEGER NOT NULL,
    ended_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX past_environment_name ON past_environment (project, name, ended_at);

CREATE TABLE variable (
    scope       TEXT NOT NULL,
    key         TEXT NOT NULL,
    level       TEXT NOT NULL,
    project     TEXT REFERENCES project (id) ON DELETE CASCADE,
    environment TEXT REFERENCES environment (id) ON DELETE CASCADE,
    service     TEXT NOT NULL,
    value       TEXT NOT NULL,
    set_by      TEXT NOT NULL,
    set_at      INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX variable_project ON variable (project);
CREATE INDEX variable_environment ON variable (environment);

CREATE TABLE generated_value (
    environment    TEXT NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    path           TEXT NOT NULL,
    value          TEXT NOT NULL,
    secret         TEXT NOT NULL,
    secret_version INTEGER NOT NULL,
    made_at        INTEGER NOT NULL,
    PRIMARY KEY (environment, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE secret (
    id           TEXT PRIMARY KEY,
    scope        TEXT NOT NULL,
    level        TEXT NOT NULL,
    project      TEXT REFERENCES project (id) ON DELETE CASCADE,
    environment  TEXT REFERENCES environment (id) ON DELETE CASCADE,
    service      TEXT NOT NULL,
    name         TEXT NOT NULL,
    is_protected INTEGER NOT NULL,
    UNIQUE (scope, name)
) STRICT;
CREATE INDEX secret_project ON secret (project);
CREATE INDEX secret_environment ON secret (environment);

CREATE TABLE secret_version (
    secret      TEXT NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    version     INTEGER NOT NULL,
    key_id      TEXT NOT NULL,
    envelope    BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    set_by      TEXT NOT NULL,
    set_at      INTEGER NOT NULL,
    PRIMARY KEY (secret, version)
) STRICT;
CREATE INDEX secret_version_key ON secret_version (key_id);

CREATE TABLE token (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    sha256       TEXT NOT NULL UNIQUE,
    prefix       TEXT NOT NULL,
    role         TEXT NOT NULL,
    project      TEXT NOT NULL,
    created_by   TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    revoked_at   INTEGER
) STRICT;

CREATE TABLE delivery (
    id           INTEGER PRIMARY KEY AUTOINCREMENT,
    forge        TEXT NOT NULL,
    connection   TEXT NOT NULL,
    delivery_id  TEXT,
    event        TEXT NOT NULL,
    headers      TEXT NOT NULL,
    body         BLOB NOT NULL,
    received_at  INTEGER NOT NULL,
    state        TEXT NOT NULL,
    reason       TEXT NOT NULL,
    processed_at INTEGER,
    UNIQUE (connection, delivery_id)
) STRICT;
CREATE INDEX delivery_stored ON delivery (id) WHERE state = 'stored';

CREATE TABLE golden (
    id          TEXT PRIMARY KEY,
    project     TEXT NOT NULL,
    source      TEXT NOT NULL,
    database    TEXT NOT NULL,
    rules_hash  TEXT NOT NULL,
    schema_hash TEXT NOT NULL,
    path        TEXT NOT NULL,
    bytes       INTEGER NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    made_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX golden_source ON golden (project, source, database, made_at);

CREATE TABLE golden_pin (
    golden      TEXT NOT NULL REFERENCES golden (id),
    environment TEXT NOT NULL,
    PRIMARY KEY (golden, environment)
) STRICT, WITHOUT ROWID;
CREATE INDEX golden_pin_environment ON golden_pin (environment);

CREATE TABLE build (
    input_hash TEXT PRIMARY KEY,
    artefact   TEXT NOT NULL,
    bytes      INTEGER NOT NULL,
    made_at    INTEGER NOT NULL,
    last_used  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE host (
    host    TEXT PRIMARY KEY,
    wanted  TEXT NOT NULL,
    owner   TEXT NOT NULL,
    service TEXT NOT NULL,
    project TEXT NOT NULL,
    UNIQUE (owner, service, wanted)
) STRICT, WITHOUT ROWID;

CREATE TABLE allocation (
    kind   TEXT NOT NULL,
    number INTEGER NOT NULL,
    owner  TEXT NOT NULL,
    path   TEXT NOT NULL,
    PRIMARY KEY (kind, number),
    UNIQUE (kind, owner, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocation_owner ON allocation (owner);

CREATE TABLE queue (
    place       INTEGER PRIMARY KEY AUTOINCREMENT,
    environment TEXT NOT NULL UNIQUE,
    project     TEXT NOT NULL,
    reason      TEXT NOT NULL,
    queued_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE outbox (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    kind       TEXT NOT NULL,
    target     TEXT NOT NULL,
    payload    TEXT NOT NULL,
    revision   INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    next_at    INTEGER NOT NULL,
    last_error TEXT NOT NULL,
    posted_at  INTEGER NOT NULL,
    UNIQUE (kind, target)
) STRICT;
CREATE INDEX outbox_due ON outbox (next_at);

CREATE TABLE audit (
    id        INTEGER PRIMARY KEY,
    at        INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    action    TEXT NOT NULL,
    project   TEXT NOT NULL,
    subject   TEXT NOT NULL,
    detail    TEXT NOT NULL,
    prev_hash TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END;

CREATE TABLE event (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    at          INTEGER NOT NULL,
    project     TEXT NOT NULL,
    environment TEXT NOT NULL,
    kind        TEXT NOT NULL,
    data        TEXT NOT NULL
) STRICT;

CREATE TABLE idempotency (
    caller       TEXT NOT NULL,
    key          TEXT NOT NULL,
    request_hash TEXT NOT NULL,
    status       INTEGER NOT NULL,
    reply        TEXT NOT NULL,
    at           INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE lease (
    owner_id TEXT PRIMARY KEY,
    holder   TEXT NOT NULL,
    epoch    INTEGER NOT NULL,
    until    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    sequence      INTEGER PRIMARY KEY AUTOINCREMENT,
    id            TEXT NOT NULL UNIQUE,
    owner_id      TEXT NOT NULL,
    generation    INTEGER NOT NULL,
    kind          TEXT NOT NULL,
    request       TEXT NOT NULL,
    note          TEXT NOT NULL,
    plan          TEXT NOT NULL,
    plan_hash     TEXT NOT NULL,
    created_at    INTEGER NOT NULL,
    state         TEXT NOT NULL,
    cancel        INTEGER NOT NULL,
    error         TEXT,
    superseded_by TEXT NOT NULL,
    deadline      INTEGER,
    kept_until    INTEGER,
    ended_at      INTEGER
) STRICT;
CREATE INDEX run_owner ON run (owner_id, sequence);
CREATE INDEX run_generation ON run (owner_id, generation);
CREATE INDEX run_unfinished ON run (owner_id, sequence) WHERE ended_at IS NULL;

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
) STRICT, WITHOUT ROWID;
CREATE TRIGGER journal_is_not_edited BEFORE UPDATE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
BEGIN
    SELECT RAISE(ABORT, 'the journal is append-only');
END;

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
    PRIMARY KEY (id, incarnation)
) STRICT, WITHOUT ROWID;
CREATE INDEX resource_owner ON resource (owner_id, path, incarnation);
CREATE INDEX resource_name ON resource (kind, name);

CREATE TABLE receipt (
    run_id    TEXT PRIMARY KEY,
    owner_id  TEXT NOT NULL,
    name      TEXT NOT NULL,
    made_at   INTEGER NOT NULL,
    resources TEXT NOT NULL,
    hash      TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX receipt_owner ON receipt (owner_id, made_at);
)sql";

}  // namespace ramet::storage

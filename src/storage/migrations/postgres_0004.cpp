#include "storage/migrations/migration.hpp"

namespace ramet::storage {

// The tables and names of SQLite's fourth schema. Times are milliseconds since 1970 UTC; text is compared byte by byte, as there.
const std::string_view postgres_migration_0004 = R"sql(
CREATE FUNCTION is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the table % is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TABLE meta (
    key   TEXT COLLATE "C" PRIMARY KEY,
    value TEXT COLLATE "C" NOT NULL
);

CREATE TABLE project (
    id                     TEXT COLLATE "C" PRIMARY KEY,
    name                   TEXT COLLATE "C" NOT NULL UNIQUE,
    repository_url         TEXT COLLATE "C" NOT NULL,
    connection             TEXT COLLATE "C" UNIQUE,
    forge                  TEXT COLLATE "C" NOT NULL,
    forge_url              TEXT COLLATE "C" NOT NULL,
    repository_owner       TEXT COLLATE "C" NOT NULL,
    repository_name        TEXT COLLATE "C" NOT NULL,
    token_secret           TEXT COLLATE "C" NOT NULL,
    token_version          BIGINT NOT NULL,
    webhook_secret         TEXT COLLATE "C" NOT NULL,
    webhook_secret_version BIGINT NOT NULL,
    webhook_state          TEXT COLLATE "C" NOT NULL,
    trusted_branch         TEXT COLLATE "C" NOT NULL,
    trusted_commit         TEXT COLLATE "C" NOT NULL,
    file_name              TEXT COLLATE "C" NOT NULL,
    file_text              TEXT COLLATE "C" NOT NULL,
    target_here            BIGINT NOT NULL,
    poll_state             TEXT COLLATE "C" NOT NULL,
    created_at             BIGINT NOT NULL
);

CREATE TABLE environment (
    id                  TEXT COLLATE "C" PRIMARY KEY,
    project             TEXT COLLATE "C" NOT NULL REFERENCES project (id),
    name                TEXT COLLATE "C" NOT NULL,
    origin              TEXT COLLATE "C" NOT NULL,
    is_protected        BIGINT NOT NULL,
    base                TEXT COLLATE "C" REFERENCES environment (id),
    trusted_branch      TEXT COLLATE "C" NOT NULL,
    target              TEXT COLLATE "C" NOT NULL,
    desired_generation  BIGINT NOT NULL,
    observed_generation BIGINT NOT NULL,
    power               TEXT COLLATE "C" NOT NULL,
    state               TEXT COLLATE "C" NOT NULL,
    reason              TEXT COLLATE "C" NOT NULL,
    commit_sha          TEXT COLLATE "C" NOT NULL,
    branch              TEXT COLLATE "C" NOT NULL,
    pull_request        BIGINT NOT NULL,
    created_by          TEXT COLLATE "C" NOT NULL,
    created_at          BIGINT NOT NULL,
    updated_at          BIGINT NOT NULL,
    expires_at          BIGINT,
    is_pinned           BIGINT NOT NULL,
    last_run            TEXT COLLATE "C" NOT NULL,
    desired             TEXT COLLATE "C" NOT NULL DEFAULT '',
    notes               TEXT COLLATE "C" NOT NULL DEFAULT '',
    UNIQUE (project, name)
);
CREATE INDEX environment_base ON environment (base) WHERE base IS NOT NULL;
CREATE INDEX environment_expiry ON environment (expires_at) WHERE expires_at IS NOT NULL;
CREATE UNIQUE INDEX environment_pull_request ON environment (project, pull_request) WHERE pull_request <> 0;

CREATE TABLE past_environment (
    id           TEXT COLLATE "C" PRIMARY KEY,
    project      TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    pull_request BIGINT NOT NULL,
    ended_at     BIGINT NOT NULL
);
CREATE INDEX past_environment_name ON past_environment (project, name, ended_at);

CREATE TABLE variable (
    scope       TEXT COLLATE "C" NOT NULL,
    key         TEXT COLLATE "C" NOT NULL,
    level       TEXT COLLATE "C" NOT NULL,
    project     TEXT COLLATE "C" REFERENCES project (id) ON DELETE CASCADE,
    environment TEXT COLLATE "C" REFERENCES environment (id) ON DELETE CASCADE,
    service     TEXT COLLATE "C" NOT NULL,
    value       TEXT COLLATE "C" NOT NULL,
    set_by      TEXT COLLATE "C" NOT NULL,
    set_at      BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX variable_project ON variable (project);
CREATE INDEX variable_environment ON variable (environment);

CREATE TABLE generated_value (
    environment    TEXT COLLATE "C" NOT NULL REFERENCES environment (id) ON DELETE CASCADE,
    path           TEXT COLLATE "C" NOT NULL,
    value          TEXT COLLATE "C" NOT NULL,
    secret         TEXT COLLATE "C" NOT NULL,
    secret_version BIGINT NOT NULL,
    made_at        BIGINT NOT NULL,
    PRIMARY KEY (environment, path)
);

CREATE TABLE secret (
    id           TEXT COLLATE "C" PRIMARY KEY,
    scope        TEXT COLLATE "C" NOT NULL,
    level        TEXT COLLATE "C" NOT NULL,
    project      TEXT COLLATE "C" REFERENCES project (id) ON DELETE CASCADE,
    environment  TEXT COLLATE "C" REFERENCES environment (id) ON DELETE CASCADE,
    service      TEXT COLLATE "C" NOT NULL,
    name         TEXT COLLATE "C" NOT NULL,
    is_protected BIGINT NOT NULL,
    UNIQUE (scope, name)
);
CREATE INDEX secret_project ON secret (project);
CREATE INDEX secret_environment ON secret (environment);

CREATE TABLE secret_version (
    secret      TEXT COLLATE "C" NOT NULL REFERENCES secret (id) ON DELETE CASCADE,
    version     BIGINT NOT NULL,
    key_id      TEXT COLLATE "C" NOT NULL,
    envelope    BYTEA NOT NULL,
    fingerprint TEXT COLLATE "C" NOT NULL,
    set_by      TEXT COLLATE "C" NOT NULL,
    set_at      BIGINT NOT NULL,
    PRIMARY KEY (secret, version)
);
CREATE INDEX secret_version_key ON secret_version (key_id);

CREATE TABLE token (
    id           TEXT COLLATE "C" PRIMARY KEY,
    name         TEXT COLLATE "C" NOT NULL,
    sha256       TEXT COLLATE "C" NOT NULL UNIQUE,
    prefix       TEXT COLLATE "C" NOT NULL,
    role         TEXT COLLATE "C" NOT NULL,
    project      TEXT COLLATE "C" NOT NULL,
    created_by   TEXT COLLATE "C" NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT
);

CREATE TABLE delivery (
    id           BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    forge        TEXT COLLATE "C" NOT NULL,
    connection   TEXT COLLATE "C" NOT NULL,
    delivery_id  TEXT COLLATE "C",
    event        TEXT COLLATE "C" NOT NULL,
    received_at  BIGINT NOT NULL,
    state        TEXT COLLATE "C" NOT NULL,
    reason       TEXT COLLATE "C" NOT NULL,
    processed_at BIGINT,
    UNIQUE (connection, delivery_id)
);
CREATE TABLE delivery_content (
    delivery BIGINT PRIMARY KEY REFERENCES delivery (id) ON DELETE CASCADE,
    headers  TEXT COLLATE "C" NOT NULL,
    body     BYTEA NOT NULL
);
CREATE INDEX delivery_stored ON delivery (id) WHERE state = 'stored';

CREATE TABLE golden (
    id          TEXT COLLATE "C" PRIMARY KEY,
    project     TEXT COLLATE "C" NOT NULL,
    source      TEXT COLLATE "C" NOT NULL,
    database    TEXT COLLATE "C" NOT NULL,
    rules_hash  TEXT COLLATE "C" NOT NULL,
    schema_hash TEXT COLLATE "C" NOT NULL,
    path        TEXT COLLATE "C" NOT NULL,
    bytes       BIGINT NOT NULL,
    state       TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    made_at     BIGINT NOT NULL
);
CREATE INDEX golden_source ON golden (project, source, database, made_at);

CREATE TABLE golden_pin (
    golden      TEXT COLLATE "C" NOT NULL REFERENCES golden (id),
    environment TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (golden, environment)
);
CREATE INDEX golden_pin_environment ON golden_pin (environment);

CREATE TABLE build (
    input_hash TEXT COLLATE "C" PRIMARY KEY,
    artefact   TEXT COLLATE "C" NOT NULL,
    bytes      BIGINT NOT NULL,
    made_at    BIGINT NOT NULL,
    last_used  BIGINT NOT NULL
);

CREATE TABLE host (
    host    TEXT COLLATE "C" PRIMARY KEY,
    wanted  TEXT COLLATE "C" NOT NULL,
    owner   TEXT COLLATE "C" NOT NULL,
    service TEXT COLLATE "C" NOT NULL,
    project TEXT COLLATE "C" NOT NULL,
    UNIQUE (owner, service, wanted)
);

CREATE TABLE allocation (
    kind   TEXT COLLATE "C" NOT NULL,
    number BIGINT NOT NULL,
    owner  TEXT COLLATE "C" NOT NULL,
    path   TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, number),
    UNIQUE (kind, owner, path)
);
CREATE INDEX allocation_owner ON allocation (owner);

CREATE TABLE queue (
    place       BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    environment TEXT COLLATE "C" NOT NULL UNIQUE,
    project     TEXT COLLATE "C" NOT NULL,
    reason      TEXT COLLATE "C" NOT NULL,
    queued_at   BIGINT NOT NULL
);

CREATE TABLE outbox (
    id         BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    kind       TEXT COLLATE "C" NOT NULL,
    target     TEXT COLLATE "C" NOT NULL,
    payload    TEXT COLLATE "C" NOT NULL,
    revision   BIGINT NOT NULL,
    attempts   BIGINT NOT NULL,
    next_at    BIGINT NOT NULL,
    last_error TEXT COLLATE "C" NOT NULL,
    posted_at  BIGINT NOT NULL,
    UNIQUE (kind, target)
);
CREATE INDEX outbox_due ON outbox (next_at);

CREATE TABLE audit (
    id        BIGINT PRIMARY KEY,
    at        BIGINT NOT NULL,
    actor     TEXT COLLATE "C" NOT NULL,
    action    TEXT COLLATE "C" NOT NULL,
    project   TEXT COLLATE "C" NOT NULL,
    subject   TEXT COLLATE "C" NOT NULL,
    detail    TEXT COLLATE "C" NOT NULL,
    prev_hash TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL
);
CREATE TRIGGER audit_is_not_edited BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    EXECUTE FUNCTION is_append_only();

CREATE TABLE event (
    id          BIGINT PRIMARY KEY,
    at          BIGINT NOT NULL,
    project     TEXT COLLATE "C" NOT NULL,
    environment TEXT COLLATE "C" NOT NULL,
    kind        TEXT COLLATE "C" NOT NULL,
    data        TEXT COLLATE "C" NOT NULL
);

CREATE TABLE idempotency (
    caller       TEXT COLLATE "C" NOT NULL,
    key          TEXT COLLATE "C" NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    status       BIGINT NOT NULL,
    reply        TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

CREATE TABLE lease (
    owner_id TEXT COLLATE "C" PRIMARY KEY,
    holder   TEXT COLLATE "C" NOT NULL,
    epoch    BIGINT NOT NULL,
    until    BIGINT NOT NULL
);

CREATE TABLE run (
    sequence      BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    id            TEXT COLLATE "C" NOT NULL UNIQUE,
    owner_id      TEXT COLLATE "C" NOT NULL,
    generation    BIGINT NOT NULL,
    kind          TEXT COLLATE "C" NOT NULL,
    request       TEXT COLLATE "C" NOT NULL,
    note          TEXT COLLATE "C" NOT NULL,
    plan          TEXT COLLATE "C" NOT NULL,
    plan_hash     TEXT COLLATE "C" NOT NULL,
    created_at    BIGINT NOT NULL,
    state         TEXT COLLATE "C" NOT NULL,
    cancel        BIGINT NOT NULL,
    error         TEXT COLLATE "C",
    superseded_by TEXT COLLATE "C" NOT NULL,
    deadline      BIGINT,
    kept_until    BIGINT,
    ended_at      BIGINT
);
CREATE INDEX run_owner ON run (owner_id, sequence);
CREATE INDEX run_generation ON run (owner_id, generation);
CREATE INDEX run_unfinished ON run (owner_id, sequence) WHERE ended_at IS NULL;

CREATE TABLE journal (
    run_id       TEXT COLLATE "C" NOT NULL,
    seq          BIGINT NOT NULL,
    step         TEXT COLLATE "C" NOT NULL,
    attempt      BIGINT NOT NULL,
    epoch        BIGINT NOT NULL,
    record       TEXT COLLATE "C" NOT NULL,
    token        TEXT COLLATE "C" NOT NULL,
    request_hash TEXT COLLATE "C" NOT NULL,
    external_id  TEXT COLLATE "C" NOT NULL,
    outcome      TEXT COLLATE "C" NOT NULL,
    at           BIGINT NOT NULL,
    prev_hash    TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (run_id, seq)
);
CREATE TRIGGER journal_is_not_edited BEFORE UPDATE ON journal
    FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION is_append_only();
CREATE TRIGGER journal_is_not_emptied BEFORE TRUNCATE ON journal
    EXECUTE FUNCTION is_append_only();

CREATE TABLE resource (
    id                TEXT COLLATE "C" NOT NULL,
    incarnation       BIGINT NOT NULL,
    owner_id          TEXT COLLATE "C" NOT NULL,
    install           TEXT COLLATE "C" NOT NULL,
    owner_nonce       TEXT COLLATE "C" NOT NULL,
    path              TEXT COLLATE "C" NOT NULL,
    kind              TEXT COLLATE "C" NOT NULL,
    name              TEXT COLLATE "C" NOT NULL,
    external_id       TEXT COLLATE "C" NOT NULL,
    identity          TEXT COLLATE "C" NOT NULL,
    spec              TEXT COLLATE "C" NOT NULL,
    outputs           TEXT COLLATE "C" NOT NULL,
    phase             TEXT COLLATE "C" NOT NULL,
    spec_hash         TEXT COLLATE "C" NOT NULL,
    depends_on        TEXT COLLATE "C" NOT NULL,
    last_good_spec    TEXT COLLATE "C",
    last_good_outputs TEXT COLLATE "C" NOT NULL,
    intent_at         BIGINT NOT NULL,
    changed_at        BIGINT,
    absent_at         BIGINT,
    PRIMARY KEY (owner_id, path, incarnation)
);
CREATE INDEX resource_name ON resource (kind, name);

CREATE TABLE server (
    id         TEXT COLLATE "C" PRIMARY KEY,
    name       TEXT COLLATE "C" NOT NULL,
    version    TEXT COLLATE "C" NOT NULL,
    schema     BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL
);

CREATE TABLE turn (
    key    TEXT COLLATE "C" PRIMARY KEY,
    server TEXT COLLATE "C" NOT NULL,
    until  BIGINT NOT NULL
);

CREATE TABLE receipt (
    run_id    TEXT COLLATE "C" PRIMARY KEY,
    owner_id  TEXT COLLATE "C" NOT NULL,
    name      TEXT COLLATE "C" NOT NULL,
    made_at   BIGINT NOT NULL,
    resources TEXT COLLATE "C" NOT NULL,
    hash      TEXT COLLATE "C" NOT NULL
);
CREATE INDEX receipt_owner ON receipt (owner_id, made_at);
)sql";

}  // namespace ramet::storage

-- The control plane's whole database. Rules: ../README.md. Nothing of a tenant's end users is here.

-- What this installation is, by name: see store/settings.rs.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Data keys by category, each wrapped under the control plane's own seal key.
CREATE TABLE data_key (
    category TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (category, version)
);

-- Customers of this installation.
CREATE TABLE organisation (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    closed_at BIGINT
);

-- Tenants. A slug is never given out again (G24): rows stay after termination. The short id names
-- folders and sockets, and never changes.
CREATE TABLE tenant (
    id TEXT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    short_id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    issuer TEXT NOT NULL UNIQUE,
    organisation_id TEXT REFERENCES organisation (id),
    state TEXT NOT NULL
        CHECK (state IN ('provisioning', 'running', 'asleep', 'suspended', 'terminating', 'failed')),
    -- Why the last attempt failed, in words an operator can act on; set while state is 'failed'.
    failure TEXT,
    -- JSON: what the tenant is to hold besides itself; see provision/desired.rs. No personal data.
    blueprint TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX tenant_by_organisation ON tenant (organisation_id, slug);

-- Provisioning's journal: one operation per change of a tenant, one row per step attempted.
CREATE TABLE operation (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    kind TEXT NOT NULL CHECK (kind IN ('create', 'start')),
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    failed_at BIGINT
);
CREATE INDEX operation_by_tenant ON operation (tenant_id, started_at);
CREATE UNIQUE INDEX operation_open ON operation (tenant_id) WHERE finished_at IS NULL AND failed_at IS NULL;
CREATE INDEX operation_by_end ON operation (finished_at);

CREATE TABLE operation_step (
    operation_id TEXT NOT NULL REFERENCES operation (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    step TEXT NOT NULL,
    started_at BIGINT NOT NULL,
    finished_at BIGINT,
    failed_at BIGINT,
    failure TEXT,
    PRIMARY KEY (operation_id, seq)
);

-- Applications of tenants that Polder's own programs sign in through: the console at platform, the
-- coaching platform at practice. Their secrets are sealed here; every other application's secret
-- is seen once by who made it and never kept.
CREATE TABLE own_application (
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    purpose TEXT NOT NULL,
    client_id TEXT NOT NULL,
    secret_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, purpose)
);

-- People of an organisation. subject is their sub at the tenant platform, which holds who they are.
CREATE TABLE member (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id) ON DELETE CASCADE,
    subject TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'auditor')),
    name_sealed TEXT,
    email_sealed TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    removed_at BIGINT
);
CREATE INDEX member_by_organisation ON member (organisation_id, created_at);

-- Invitations: single use. The token's keyed hash is the only trace of the link. subject is the person
-- at the tenant platform that the holder of the link named: only that person can use it up.
CREATE TABLE member_invitation (
    id TEXT PRIMARY KEY,
    token_hash TEXT NOT NULL UNIQUE,
    organisation_id TEXT NOT NULL REFERENCES organisation (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'developer', 'auditor')),
    invited_by TEXT,
    subject TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX member_invitation_by_subject ON member_invitation (subject) WHERE subject IS NOT NULL;
CREATE INDEX member_invitation_by_expiry ON member_invitation (expires_at);

-- Keys of the public API, as keyed hashes.
CREATE TABLE api_key (
    id TEXT PRIMARY KEY,
    organisation_id TEXT NOT NULL REFERENCES organisation (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    key_hash TEXT NOT NULL UNIQUE,
    -- What it may do: 'write' includes 'read'.
    access TEXT NOT NULL CHECK (access IN ('read', 'write')),
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX api_key_by_organisation ON api_key (organisation_id, created_at);

-- Sessions of the console. The cookie's keyed hash is the only trace of the cookie; tokens of the
-- tenant platform are sealed.
CREATE TABLE console_session (
    id TEXT PRIMARY KEY,
    cookie_hash TEXT NOT NULL UNIQUE,
    member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    tokens_sealed TEXT NOT NULL,
    metadata_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX console_session_by_member ON console_session (member_id, created_at);
CREATE INDEX console_session_by_expiry ON console_session (expires_at);

-- Answers to writes of the public API that carried Idempotency-Key, so that a repeat gets the same.
CREATE TABLE idempotency_key (
    key_hash TEXT PRIMARY KEY,
    api_key_id TEXT NOT NULL REFERENCES api_key (id) ON DELETE CASCADE,
    request_hash TEXT NOT NULL,
    status BIGINT,
    response_sealed TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX idempotency_key_by_expiry ON idempotency_key (expires_at);

-- Hash-chained audit log (F17). One chain per writer; checkpoints tie them.
CREATE TABLE audit_event (
    chain BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    user_id TEXT,
    application_id TEXT,
    session_id TEXT,
    request_id TEXT,
    details_sealed TEXT,
    hash TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_event_by_time ON audit_event (at, chain, seq);
CREATE INDEX audit_event_by_user ON audit_event (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX audit_event_by_action ON audit_event (action, at);

CREATE TABLE audit_checkpoint (
    chain BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    hash TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (chain, seq)
);

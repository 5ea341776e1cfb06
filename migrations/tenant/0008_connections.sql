-- Outside identity providers that people may sign in with.
CREATE TABLE connection (
    id TEXT PRIMARY KEY,
    provider TEXT NOT NULL CHECK (provider IN ('google', 'microsoft', 'apple', 'github', 'oidc', 'oauth2')),
    name TEXT NOT NULL,
    client_id TEXT NOT NULL,
    -- What we prove ourselves with; for Apple the private key.
    secret_sealed TEXT,
    -- JSON of the further choices: issuer, endpoints, scopes, domains.
    configuration TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    disabled_at BIGINT
);

-- The tie between a person and their account at a provider. subject_index is the keyed hash over
-- connection, issuer and subject: the only thing anybody is recognised by.
CREATE TABLE connected_account (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    subject_index TEXT NOT NULL UNIQUE,
    -- JSON: issuer, subject, what the person is called there.
    profile_sealed TEXT NOT NULL,
    -- JSON of the provider's tokens, where the connection asks for keeping them.
    tokens_sealed TEXT,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX connected_account_by_user ON connected_account (user_id, created_at);
CREATE INDEX connected_account_by_connection ON connected_account (connection_id);

-- An account that a provider vouched for and that belongs to nobody here yet: it waits, in its flow,
-- until the person has proved by other means who they are. Capped; a row per flow.
CREATE TABLE unconnected_account (
    flow_hash TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connection (id) ON DELETE CASCADE,
    subject_index TEXT NOT NULL,
    -- JSON of who the provider says it is, and its tokens.
    vouched_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX unconnected_account_by_expiry ON unconnected_account (expires_at);

-- The states of answers that counted, until they would have run out: each counts once.
CREATE TABLE used_state (
    state_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_state_by_expiry ON used_state (expires_at);

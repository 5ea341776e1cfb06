-- One tenant's whole database. Rules: ../README.md.

-- What the tenant is: issuer, relying-party id, display name, sign-up policy.
CREATE TABLE setting (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Data keys by category, each wrapped under the tenant's seal key (P17).
CREATE TABLE data_key (
    category TEXT NOT NULL,
    version BIGINT NOT NULL,
    wrapped TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (category, version)
);

-- Signing keys, made here and nowhere else. active_from: when it may sign first (its JWKS entry is
-- older than that); retired_at: signs no more; removed_at: gone from the JWKS.
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL CHECK (algorithm IN ('ES256', 'RS256', 'EdDSA')),
    public_jwk TEXT NOT NULL,
    private_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    active_from BIGINT NOT NULL,
    retired_at BIGINT,
    removed_at BIGINT
);

-- Applications: OAuth clients. Lists are JSON arrays of text.
CREATE TABLE application (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    profile TEXT NOT NULL CHECK (profile IN ('default')),
    type TEXT NOT NULL CHECK (type IN ('web', 'spa', 'native', 'machine')),
    token_endpoint_auth_method TEXT NOT NULL
        CHECK (token_endpoint_auth_method IN ('client_secret_basic', 'client_secret_post', 'none')),
    redirect_uris TEXT NOT NULL,
    post_logout_redirect_uris TEXT NOT NULL,
    grant_types TEXT NOT NULL,
    -- JSON: {"who":"everyone"} | {"who":"role","role":"coach"} | {"who":"invited"}
    access TEXT NOT NULL,
    -- JSON of per-application choices: algorithms, lifetimes, audience, extra form-action origins.
    preferences TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    disabled_at BIGINT
);

-- Two may be valid at once while a secret is rotated (B18).
CREATE TABLE application_secret (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT
);
CREATE INDEX application_secret_by_application ON application_secret (application_id);

-- People. Identifiers are sealed; email_index is the keyed hash they are found by. After erasure
-- only the id stays, so that a subject identifier is never reused.
CREATE TABLE user_account (
    id TEXT PRIMARY KEY,
    email_index TEXT UNIQUE,
    email_sealed TEXT,
    email_verified_at BIGINT,
    name_sealed TEXT,
    locale TEXT,
    -- The person's own audit key, wrapped; without it their audit details cannot be read.
    audit_key_wrapped TEXT,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    last_sign_in_at BIGINT,
    disabled_at BIGINT,
    erased_at BIGINT
);
CREATE INDEX user_account_by_creation ON user_account (created_at, id);

CREATE TABLE user_role (
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    PRIMARY KEY (user_id, role)
);

-- Who was invited to an application whose access is by invitation.
CREATE TABLE application_invitee (
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (application_id, user_id)
);

-- One-time codes sent by e-mail, one row per browser flow: asking again replaces it (D06, D08).
-- Caps per address, network and tenant keep strangers from filling it.
CREATE TABLE one_time_code (
    flow_hash TEXT PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('sign_in')),
    address_index TEXT NOT NULL,
    address_sealed TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    tries BIGINT NOT NULL,
    sends BIGINT NOT NULL,
    resend_after BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX one_time_code_by_address ON one_time_code (address_index, created_at);
CREATE INDEX one_time_code_by_expiry ON one_time_code (expires_at);

-- Durable counters that protect codes: per keyed address and per keyed network.
CREATE TABLE code_budget (
    key_index TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('address', 'network', 'tenant')),
    window_started_at BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX code_budget_by_update ON code_budget (updated_at);

-- The session register (P3). The cookie's keyed hash is the only trace of the cookie.
CREATE TABLE session (
    id TEXT PRIMARY KEY,
    cookie_hash TEXT NOT NULL UNIQUE,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    -- JSON, sealed: address, user agent, country.
    metadata_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    idle_expires_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_reason TEXT
);
CREATE INDEX session_by_user ON session (user_id, created_at);
CREATE INDEX session_by_creation ON session (created_at, id);
CREATE INDEX session_by_last_seen ON session (last_seen_at);

-- Which applications a session reached; sid is what they know it by (E22).
CREATE TABLE session_application (
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    sid TEXT NOT NULL UNIQUE,
    first_at BIGINT NOT NULL,
    PRIMARY KEY (session_id, application_id)
);

-- Authorization codes: single use, one minute. The grant they lead to has its id already.
CREATE TABLE authorization_code (
    code_hash TEXT PRIMARY KEY,
    grant_id TEXT NOT NULL UNIQUE,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    redirect_uri TEXT NOT NULL,
    scope TEXT NOT NULL,
    code_challenge TEXT NOT NULL,
    nonce TEXT,
    -- JSON of what else the request bound: max_age, acr_values, claims.
    request TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX authorization_code_by_expiry ON authorization_code (expires_at);

-- What an application was granted, with its refresh family: tokens are derived from (id, generation),
-- so nothing of a token is stored. session_id is set while the grant ends with its session;
-- offline_access unties it.
CREATE TABLE oauth_grant (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    session_id TEXT REFERENCES session (id) ON DELETE CASCADE,
    sid TEXT NOT NULL,
    scope TEXT NOT NULL,
    acr TEXT NOT NULL,
    amr TEXT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    rotated_at BIGINT,
    refresh_idle_expires_at BIGINT,
    refresh_expires_at BIGINT,
    revoked_at BIGINT,
    revoked_reason TEXT,
    -- When the last token of this grant can still be alive; retention removes the row after it.
    ends_at BIGINT NOT NULL
);
CREATE INDEX oauth_grant_by_user ON oauth_grant (user_id, created_at);
CREATE INDEX oauth_grant_by_session ON oauth_grant (session_id);
CREATE INDEX oauth_grant_by_end ON oauth_grant (ends_at);

-- Access tokens revoked one by one, until they would have expired anyway.
CREATE TABLE revoked_token (
    jti TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX revoked_token_by_expiry ON revoked_token (expires_at);

-- Authorization requests too large for a cookie, sealed and capped.
CREATE TABLE pending_request (
    id_hash TEXT PRIMARY KEY,
    request_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pending_request_by_expiry ON pending_request (expires_at);

-- Outbound messages: the queue and the transparency log in one (P7). Parameters are blanked once
-- handed over or expired.
CREATE TABLE outbox (
    id TEXT PRIMARY KEY,
    template TEXT NOT NULL,
    locale TEXT NOT NULL,
    user_id TEXT REFERENCES user_account (id) ON DELETE CASCADE,
    recipient_sealed TEXT NOT NULL,
    parameters_sealed TEXT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT,
    sent_at BIGINT,
    failed_at BIGINT,
    failure TEXT
);
CREATE INDEX outbox_due ON outbox (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX outbox_by_creation ON outbox (created_at, id);

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
    -- JSON sealed under the person's audit key where user_id is set, else under the tenant's.
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

-- Admin assertions already used, until they expire.
CREATE TABLE used_assertion (
    jti TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_assertion_by_expiry ON used_assertion (expires_at);

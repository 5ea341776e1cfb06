-- Second factors (P4): an authenticator app per person, recovery codes on paper, and what guards both.

-- The authenticator app. last_step: the newest 30-second step that was accepted; no step is accepted
-- twice, and none before it (D14).
CREATE TABLE totp_factor (
    user_id TEXT PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    secret_sealed TEXT NOT NULL,
    last_step BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT
);

-- A secret that was shown and waits for the code that confirms it (D15), in the session that asked.
CREATE TABLE totp_enrolment (
    user_id TEXT PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    secret_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX totp_enrolment_by_expiry ON totp_enrolment (expires_at);

-- Recovery codes (D17): a set per person, with the salt of its hashes.
CREATE TABLE recovery_set (
    user_id TEXT PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    salt TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- Slow hashes of the codes of a set.
CREATE TABLE recovery_code (
    hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    used_at BIGINT
);
CREATE INDEX recovery_code_by_user ON recovery_code (user_id);

-- Wrong tries in a row, per person and factor: after a few, each further one has to wait (D15).
CREATE TABLE factor_tries (
    user_factor TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    failures BIGINT NOT NULL,
    next_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX factor_tries_by_user ON factor_tries (user_id);
CREATE INDEX factor_tries_by_update ON factor_tries (updated_at);

-- A sign-in whose first factor was proved and whose second is asked for: one row per browser flow.
CREATE TABLE awaited_factor (
    flow_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    -- JSON array: how the first factor was proved.
    methods TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX awaited_factor_by_user ON awaited_factor (user_id);
CREATE INDEX awaited_factor_by_expiry ON awaited_factor (expires_at);

-- Browsers a person has signed in with, by keyed hash: a sign-in from any other is told to them (D26).
CREATE TABLE known_browser (
    browser_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL
);
CREATE INDEX known_browser_by_user ON known_browser (user_id);
CREATE INDEX known_browser_by_last_seen ON known_browser (last_seen_at);

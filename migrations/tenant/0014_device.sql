-- Programs without a browser that ask to be let in from another device (RFC 8628). Both codes are keyed hashes;
-- session, person and the facts of the sign-in come with the person's word. Ten minutes.
CREATE TABLE device_authorization (
    device_hash TEXT PRIMARY KEY,
    user_code_hash TEXT NOT NULL UNIQUE,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    interval_seconds BIGINT NOT NULL,
    polled_at BIGINT,
    user_id TEXT REFERENCES user_account (id) ON DELETE CASCADE,
    session_id TEXT REFERENCES session (id) ON DELETE CASCADE,
    grant_id TEXT,
    bound TEXT,
    approved_at BIGINT,
    denied_at BIGINT,
    redeemed_at BIGINT
);
CREATE INDEX device_authorization_by_expiry ON device_authorization (expires_at);
CREATE INDEX device_authorization_by_user ON device_authorization (user_id);
CREATE INDEX device_authorization_by_session ON device_authorization (session_id);
CREATE INDEX device_authorization_by_application ON device_authorization (application_id);

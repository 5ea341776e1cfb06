-- The session at the identity provider that a session here hangs on: the provider says when it ends.
ALTER TABLE session ADD COLUMN sid TEXT;
CREATE INDEX session_by_sid ON session (sid);

-- Logout tokens that were taken, for as long as they could be sent again.
CREATE TABLE used_logout_token (
    jti TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_logout_token_by_expiry ON used_logout_token (expires_at);

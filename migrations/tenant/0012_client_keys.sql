-- Applications that prove themselves with keys of their own, and what they sign.

-- Which rules an application is held to. The column `profile` of earlier releases stays at 'default'.
ALTER TABLE application ADD COLUMN rules TEXT NOT NULL DEFAULT 'default' CHECK (rules IN ('default', 'compat', 'fapi2'));
-- How it proves itself, where that is none of what `token_endpoint_auth_method` may hold.
ALTER TABLE application ADD COLUMN key_method TEXT CHECK (key_method IN ('private_key_jwt'));
-- JSON: its public keys (RFC 7517, 5).
ALTER TABLE application ADD COLUMN jwks TEXT;

-- The key that a public client's refresh token is bound to: its RFC 7638 thumbprint.
ALTER TABLE oauth_grant ADD COLUMN refresh_jkt TEXT;

-- What counts once, by keyed hash of who signed it and its jti: client assertions, DPoP proofs, pushed requests.
CREATE TABLE used_jti (
    jti_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_jti_by_expiry ON used_jti (expires_at);

-- Authorization requests that applications pushed, for a minute, under the keyed hash of their name.
CREATE TABLE pushed_request (
    uri_hash TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    request_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX pushed_request_by_application ON pushed_request (application_id);
CREATE INDEX pushed_request_by_expiry ON pushed_request (expires_at);

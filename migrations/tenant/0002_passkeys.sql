-- Passkeys (Web Authentication), and which flow a session was proved in.

-- What a person is to authenticators: 64 random bytes, never the subject (C24). It goes with the person.
CREATE TABLE passkey_owner (
    user_id TEXT PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    handle_index TEXT NOT NULL UNIQUE,
    handle_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Until then nobody asks again whether they want a passkey.
    offer_after BIGINT
);

-- Credentials. kind is the authenticator's word on whether the key can leave it (BE), backed_up_at
-- whether it has (BS). A removed one stays for a while, without a name: whoever still holds it learns
-- that it was removed, and it can be brought back.
CREATE TABLE passkey (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    -- Keyed hash of the credential id: one in the whole tenant (C13).
    credential_index TEXT NOT NULL UNIQUE,
    -- JSON, sealed: credential id, public key, transports, model.
    credential_sealed TEXT NOT NULL,
    name_sealed TEXT NOT NULL,
    rp_id TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('synced', 'device_bound')),
    backed_up_at BIGINT,
    sign_count BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    -- From when a sign-in with it counts for more than an e-mail code (D13).
    strong_from BIGINT NOT NULL,
    last_used_at BIGINT,
    removed_at BIGINT
);
CREATE INDEX passkey_by_user ON passkey (user_id, created_at);
CREATE INDEX passkey_by_removal ON passkey (removed_at) WHERE removed_at IS NOT NULL;

-- Challenges that were answered, until they would have expired anyway (C01).
CREATE TABLE used_challenge (
    challenge_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_challenge_by_expiry ON used_challenge (expires_at);

-- Keyed hash of the flow whose pages the person last proved themselves on.
ALTER TABLE session ADD COLUMN proved_in TEXT;

-- What people do with their own account.

-- A new address that waits for the code sent to it (D19), in the session that asked.
CREATE TABLE address_code (
    user_id TEXT PRIMARY KEY REFERENCES user_account (id) ON DELETE CASCADE,
    session_id TEXT NOT NULL,
    address_sealed TEXT NOT NULL,
    code_hash TEXT NOT NULL,
    tries BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX address_code_by_expiry ON address_code (expires_at);

-- Addresses that were changed and can be changed back from the old one. Until then nobody else can
-- take the old address.
CREATE TABLE address_change (
    undo_hash TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    old_address_index TEXT NOT NULL,
    old_address_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    undone_at BIGINT
);
CREATE INDEX address_change_by_user ON address_change (user_id);
CREATE INDEX address_change_by_old_address ON address_change (old_address_index);
CREATE INDEX address_change_by_expiry ON address_change (expires_at);

-- Keyed hash of where a message goes: the first code somebody was sent came before their account, and
-- still is theirs to see and to have erased.
ALTER TABLE outbox ADD COLUMN recipient_index TEXT;
CREATE INDEX outbox_by_recipient ON outbox (recipient_index) WHERE recipient_index IS NOT NULL;

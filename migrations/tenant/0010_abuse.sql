-- What stands before abuse of the sign-in (R1, R3, R8, K19).

-- Proofs of work that were given: keyed hashes, until their challenge would have expired anyway.
CREATE TABLE used_proof (
    proof_hash TEXT PRIMARY KEY,
    expires_at BIGINT NOT NULL
);
CREATE INDEX used_proof_by_expiry ON used_proof (expires_at);

-- Attempts to sign in (R3), one row per address, network, outcome and day. Addresses and networks are keyed
-- hashes; address_index is NULL where none was tried, or none is told apart.
CREATE TABLE sign_in_attempt (
    attempt_key TEXT PRIMARY KEY,
    address_index TEXT,
    network_index TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('code_sent', 'code_wrong', 'second_step_wrong', 'passkey_refused',
        'signed_in', 'asked_for_work', 'too_many', 'blocked')),
    attempts BIGINT NOT NULL,
    details_sealed TEXT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_attempt_by_address ON sign_in_attempt (address_index, last_at) WHERE address_index IS NOT NULL;
CREATE INDEX sign_in_attempt_by_last ON sign_in_attempt (last_at);

-- Counters that are full (K19), for an administrator to see and to lift. counter_key: the keyed name of the
-- counter in code_budget, or the name of the one in factor_tries.
CREATE TABLE lockout (
    id TEXT PRIMARY KEY,
    counter_key TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('address', 'network', 'second_factor')),
    address_key TEXT,
    user_id TEXT REFERENCES user_account (id) ON DELETE CASCADE,
    details_sealed TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);
CREATE INDEX lockout_by_address ON lockout (address_key) WHERE address_key IS NOT NULL;
CREATE INDEX lockout_by_user ON lockout (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX lockout_by_end ON lockout (ends_at);

-- Lists of networks (R8). networks_sealed: one network a line, with what it meets and until when.
CREATE TABLE blocklist (
    name TEXT PRIMARY KEY,
    format TEXT NOT NULL CHECK (format IN ('plain', 'crowdsec')),
    action TEXT NOT NULL CHECK (action IN ('prove', 'refuse')),
    networks_sealed TEXT NOT NULL,
    networks BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- Ways back for people who lost what they sign in with (D18): asked for, waited for, finished. Each was
-- told to every address of the person, with a link that stops it.
CREATE TABLE factor_recovery (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    -- Keyed hash of what the link holds.
    cancel_hash TEXT NOT NULL UNIQUE,
    requested_at BIGINT NOT NULL,
    ready_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- proved: the person used what they said they lost. reset: an administrator took all factors away.
    ended_reason TEXT CHECK (ended_reason IN ('finished', 'cancelled', 'proved', 'expired', 'reset'))
);
CREATE UNIQUE INDEX factor_recovery_that_waits ON factor_recovery (user_id) WHERE ended_at IS NULL;
CREATE INDEX factor_recovery_by_user ON factor_recovery (user_id, ended_at);
CREATE INDEX factor_recovery_by_expiry ON factor_recovery (expires_at);

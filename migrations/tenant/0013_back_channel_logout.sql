-- Where an application hears that a session ended (OpenID Connect Back-Channel Logout 1.0): what its preferences
-- say, where a statement finds it.
ALTER TABLE application ADD COLUMN backchannel_logout_uri TEXT;

-- The queue of what applications are told, and the log of it: written in the unit of work that ends the session,
-- due while next_attempt_at is set. No person is referenced: one who is erased is gone before the application
-- has heard. user_id is blanked then, once it has.
CREATE TABLE logout_delivery (
    id TEXT PRIMARY KEY,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    user_id TEXT,
    sid TEXT NOT NULL,
    reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    give_up_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    next_attempt_at BIGINT,
    last_attempt_at BIGINT,
    jti TEXT,
    answered BIGINT,
    failure TEXT,
    delivered_at BIGINT,
    failed_at BIGINT
);
CREATE INDEX logout_delivery_due ON logout_delivery (next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX logout_delivery_by_application ON logout_delivery (application_id, created_at);
CREATE INDEX logout_delivery_by_creation ON logout_delivery (created_at, id);
CREATE INDEX logout_delivery_by_user ON logout_delivery (user_id);

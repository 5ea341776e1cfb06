-- A tenant's whole life: what it is meant to be, when it sleeps, when its grace ends, what is left.

-- What the tenant is meant to be; `state` says where it is.
ALTER TABLE tenant ADD COLUMN desired TEXT NOT NULL DEFAULT 'running'
    CHECK (desired IN ('running', 'asleep', 'suspended', 'terminating', 'destroyed'));
-- After how long without a request it goes to sleep. NULL: as the installation does; 0: never.
ALTER TABLE tenant ADD COLUMN idle_after_seconds BIGINT;
-- While it sleeps: when work of its own is due, such as retention.
ALTER TABLE tenant ADD COLUMN wake_at BIGINT;
-- A restart is wanted: its runtime must have been started after this moment.
ALTER TABLE tenant ADD COLUMN restart_at BIGINT;
-- The grace period: what it was meant to be before, when it began and when it ends.
ALTER TABLE tenant ADD COLUMN desired_before TEXT
    CHECK (desired_before IN ('running', 'asleep', 'suspended'));
ALTER TABLE tenant ADD COLUMN terminated_at BIGINT;
ALTER TABLE tenant ADD COLUMN terminate_at BIGINT;
-- JSON: what there was to destroy, written down before the first of it goes.
ALTER TABLE tenant ADD COLUMN inventory TEXT;
-- The row stays for ever, so that its slug is never given out again (G24), with the certificate (H17).
ALTER TABLE tenant ADD COLUMN destroyed_at BIGINT;
ALTER TABLE tenant ADD COLUMN certificate TEXT;
-- The slug as it looks: lookalikes have the same. NULL for rows of before, until the next start.
ALTER TABLE tenant ADD COLUMN skeleton TEXT;

CREATE INDEX tenant_by_skeleton ON tenant (skeleton);
CREATE INDEX tenant_by_wake ON tenant (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX tenant_by_end ON tenant (terminate_at) WHERE terminate_at IS NOT NULL;

-- What an operation is for, where that is more than its kind says.
ALTER TABLE operation ADD COLUMN purpose TEXT
    CHECK (purpose IN ('suspend', 'resume', 'sleep', 'wake', 'restart', 'terminate', 'undo', 'destroy'));

-- Messages that wait, in the order of the log.
CREATE INDEX outbox_waiting ON outbox (created_at, id) WHERE next_attempt_at IS NOT NULL;

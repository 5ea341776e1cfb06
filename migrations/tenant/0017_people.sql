-- Finding people and what became of their mails, and adding many at once.

-- Who signed in last.
CREATE INDEX user_account_by_last_sign_in ON user_account (last_sign_in_at, id) WHERE last_sign_in_at IS NOT NULL;

-- JSON: subject of a message, and what the mail server answered to its last attempt (P7).
ALTER TABLE outbox ADD COLUMN outcome_sealed TEXT;
CREATE INDEX outbox_by_user ON outbox (user_id, created_at) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_failed ON outbox (created_at, id) WHERE failed_at IS NOT NULL;

-- Imports of people. rows_sealed is JSON of the lines that were right, blanked once all were dealt with; done says how
-- many were, and moves in the unit of work that deals with them. One is under way at a time.
CREATE TABLE user_import (
    id TEXT PRIMARY KEY,
    -- JSON: what becomes of people who are there, and whether others are invited.
    options TEXT NOT NULL,
    -- JSON: who asked for it, for the audit log.
    asked_by TEXT NOT NULL,
    rows_sealed TEXT,
    -- JSON: what was wrong with lines that were left out. It holds none of what they say.
    problems TEXT NOT NULL,
    wrong BIGINT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    finished_at BIGINT,
    cancelled_at BIGINT
);
CREATE INDEX user_import_by_creation ON user_import (created_at, id);

-- Consent to applications of others (B97, P8). A later answer replaces an earlier one; both stay, so
-- that what was agreed to, when and under which text can be shown. It is no consent to anything the
-- law asks consent for: only what an application may see and do (H09).
ALTER TABLE application ADD COLUMN party TEXT NOT NULL DEFAULT 'first' CHECK (party IN ('first', 'third'));

CREATE TABLE consent (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES user_account (id) ON DELETE CASCADE,
    application_id TEXT NOT NULL REFERENCES application (id) ON DELETE CASCADE,
    scope TEXT NOT NULL,
    -- Which wording in which language was shown.
    text_version TEXT NOT NULL,
    -- JSON, sealed: address and browser it came from.
    metadata_sealed TEXT NOT NULL,
    given_at BIGINT NOT NULL,
    ended_at BIGINT,
    ended_reason TEXT CHECK (ended_reason IN ('replaced', 'withdrawn'))
);
CREATE UNIQUE INDEX consent_that_holds ON consent (user_id, application_id) WHERE ended_at IS NULL;
CREATE INDEX consent_by_end ON consent (ended_at) WHERE ended_at IS NOT NULL;

-- Where a person may have only so many sessions, a sign-in may wait until one of theirs ended. What a sign-in
-- waits for: its second factor, or room.
ALTER TABLE awaited_factor ADD COLUMN waits_for TEXT NOT NULL DEFAULT 'factor' CHECK (waits_for IN ('factor', 'room'));

-- Sessions that ran out are ended, so that a clock that is set back brings none of them back.
CREATE INDEX session_by_idle_end ON session (idle_expires_at) WHERE ended_at IS NULL;

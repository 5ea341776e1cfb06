-- When a secret of an application last proved it, to the minute; NULL while it never did since this was noted.
ALTER TABLE application_secret ADD COLUMN last_used_at BIGINT;

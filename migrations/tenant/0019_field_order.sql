-- Where a field stands among those that people see (K9). One that was never put anywhere stands after those that were,
-- in the order they were made.
ALTER TABLE profile_field ADD COLUMN position BIGINT;

-- What becomes of keys and of access once they are over, and how many organisations people made.

-- Keys that a key made end with it; those that ended long ago are forgotten.
CREATE INDEX api_key_by_maker ON api_key (organisation_id, created_by);
CREATE INDEX api_key_by_revocation ON api_key (revoked_at) WHERE revoked_at IS NOT NULL;
CREATE INDEX api_key_by_expiry ON api_key (expires_at) WHERE expires_at IS NOT NULL;

-- How many mails an organisation asked for lately, and for which addresses.
CREATE INDEX member_invitation_by_sending ON member_invitation (organisation_id, sent_at);

-- When somebody who signed up by themselves made it; NULL for what the installation made.
ALTER TABLE organisation ADD COLUMN signed_up_at BIGINT;
CREATE INDEX organisation_by_sign_up ON organisation (signed_up_at) WHERE signed_up_at IS NOT NULL;

-- When the tenant is to be told that access is over; NULL once it heard it, which `told_at` says.
ALTER TABLE staff_grant ADD COLUMN tell_at BIGINT;
ALTER TABLE staff_grant ADD COLUMN told_at BIGINT;
CREATE INDEX staff_grant_by_telling ON staff_grant (tell_at) WHERE tell_at IS NOT NULL;
UPDATE staff_grant SET tell_at = expires_at WHERE ended_at IS NULL;

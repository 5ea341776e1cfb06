-- People of organisations: further roles, invitations by mail, keys with narrower rights, what an organisation
-- did, who may make one, and who of the operator's people may look at a tenant's.

-- A role that the first CHECK does not know; `role` then holds 'auditor'.
ALTER TABLE member ADD COLUMN further_role TEXT CHECK (further_role IN ('support', 'billing'));
-- Finds a member of an organisation by address.
ALTER TABLE member ADD COLUMN email_hash TEXT;
-- When they last used the console, to the minute.
ALTER TABLE member ADD COLUMN last_seen_at BIGINT;
CREATE INDEX member_present ON member (organisation_id, id) WHERE removed_at IS NULL;
CREATE INDEX member_by_email ON member (organisation_id, email_hash) WHERE removed_at IS NULL;
CREATE INDEX member_by_removal ON member (removed_at) WHERE removed_at IS NOT NULL;

-- An invitation by mail is bound to its address. The token is kept, sealed, until the mail is handed on.
ALTER TABLE member_invitation ADD COLUMN further_role TEXT CHECK (further_role IN ('support', 'billing'));
ALTER TABLE member_invitation ADD COLUMN invited_by_kind TEXT;
ALTER TABLE member_invitation ADD COLUMN email_hash TEXT;
ALTER TABLE member_invitation ADD COLUMN email_sealed TEXT;
ALTER TABLE member_invitation ADD COLUMN locale TEXT;
ALTER TABLE member_invitation ADD COLUMN token_sealed TEXT;
ALTER TABLE member_invitation ADD COLUMN mail_due_at BIGINT;
ALTER TABLE member_invitation ADD COLUMN mail_tries BIGINT;
ALTER TABLE member_invitation ADD COLUMN mailed_at BIGINT;
-- How many times it was sent, and when last.
ALTER TABLE member_invitation ADD COLUMN sent BIGINT;
ALTER TABLE member_invitation ADD COLUMN sent_at BIGINT;
CREATE UNIQUE INDEX member_invitation_open ON member_invitation (organisation_id, email_hash)
    WHERE email_hash IS NOT NULL AND used_at IS NULL AND revoked_at IS NULL;
CREATE INDEX member_invitation_by_organisation ON member_invitation (organisation_id, id);
CREATE INDEX member_invitation_by_mail ON member_invitation (mail_due_at) WHERE mail_due_at IS NOT NULL;

-- What a key may do, area by area, as words; NULL for keys of before, whose `access` says it.
ALTER TABLE api_key ADD COLUMN scopes TEXT;
-- The networks it may be used from, as words; NULL for everywhere.
ALTER TABLE api_key ADD COLUMN addresses TEXT;
CREATE INDEX api_key_by_id ON api_key (organisation_id, id);

-- Whose log an entry of audit_event is in besides the installation's.
CREATE TABLE organisation_event (
    organisation_id TEXT NOT NULL,
    seq BIGINT NOT NULL,
    chain BIGINT NOT NULL,
    at BIGINT NOT NULL,
    action TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    PRIMARY KEY (organisation_id, seq)
);
CREATE INDEX organisation_event_by_action ON organisation_event (organisation_id, action, seq);
CREATE INDEX organisation_event_by_actor ON organisation_event (organisation_id, actor_id, seq);
CREATE INDEX organisation_event_by_time ON organisation_event (at);

-- Addresses that asked for an organisation of their own and have not proved themselves yet: one row each.
CREATE TABLE sign_up (
    email_hash TEXT PRIMARY KEY,
    email_sealed TEXT NOT NULL,
    locale TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    token_sealed TEXT,
    mail_due_at BIGINT,
    mail_tries BIGINT NOT NULL,
    sent BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- Whom the holder of the link named at the tenant platform, and what the organisation is to be called.
    subject TEXT,
    organisation TEXT,
    used_at BIGINT
);
CREATE INDEX sign_up_by_mail ON sign_up (mail_due_at) WHERE mail_due_at IS NOT NULL;
CREATE INDEX sign_up_by_expiry ON sign_up (expires_at);
CREATE INDEX sign_up_by_sending ON sign_up (sent_at);
CREATE INDEX sign_up_by_use ON sign_up (used_at) WHERE used_at IS NOT NULL;

-- Leave for one of the operator's people to look at the people of a tenant, for a reason and for a time.
CREATE TABLE staff_grant (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    member_id TEXT NOT NULL REFERENCES member (id) ON DELETE CASCADE,
    reason_sealed TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX staff_grant_by_tenant ON staff_grant (tenant_id, id);
CREATE INDEX staff_grant_by_member ON staff_grant (member_id, tenant_id, expires_at);
CREATE INDEX staff_grant_by_expiry ON staff_grant (expires_at);

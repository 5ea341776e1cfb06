-- What tenants' mail comes from, and how much of it there was.

-- A domain that a tenant's mail comes from in place of the installation's: only once it is verified.
CREATE TABLE mail_domain (
    tenant_id TEXT PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    domain TEXT NOT NULL,
    verified_at BIGINT,
    created_at BIGINT NOT NULL
);

-- Messages in the current hour and day (UTC), counted ahead by the block so that a restart forgives nothing.
-- One row for each who sends; it is replaced as time goes on.
CREATE TABLE mail_count (
    party TEXT PRIMARY KEY,
    hour BIGINT NOT NULL,
    in_hour BIGINT NOT NULL,
    day BIGINT NOT NULL,
    in_day BIGINT NOT NULL,
    counted_at BIGINT NOT NULL
);

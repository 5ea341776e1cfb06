-- What tenants were used for (K12), so that nobody has to be woken to say it, and the list of tenants in any order.

-- Sums by tenant and day (UTC). What people did comes from the tenant; requests are counted here.
CREATE TABLE usage_day (
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    day_at BIGINT NOT NULL,
    active_people BIGINT NOT NULL,
    email_code BIGINT NOT NULL,
    passkey BIGINT NOT NULL,
    connection BIGINT NOT NULL,
    failed_sign_ins BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    api_requests BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, day_at)
);
CREATE INDEX usage_day_by_day ON usage_day (day_at);

-- Sums by tenant and month (UTC). closed_at: when the tenant fixed its numbers.
CREATE TABLE usage_month (
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    month_at BIGINT NOT NULL,
    active_people BIGINT NOT NULL,
    sign_ins BIGINT NOT NULL,
    failed_sign_ins BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    api_requests BIGINT NOT NULL,
    closed_at BIGINT,
    PRIMARY KEY (tenant_id, month_at)
);
CREATE INDEX usage_month_by_month ON usage_month (month_at);

-- When each tenant was last asked, and what needs attention there, as JSON. No personal data.
CREATE TABLE tenant_report (
    tenant_id TEXT PRIMARY KEY REFERENCES tenant (id) ON DELETE CASCADE,
    collected_at BIGINT NOT NULL,
    attention TEXT NOT NULL
);

CREATE INDEX tenant_by_name ON tenant (organisation_id, name, id);
CREATE INDEX tenant_by_state ON tenant (organisation_id, state, id);
CREATE INDEX tenant_by_age ON tenant (organisation_id, id);

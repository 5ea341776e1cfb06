-- The ways out of tenants: the hosts each may reach, and who said so. Bounded per tenant; a withdrawn
-- rule is deleted, and the audit log remembers it.
CREATE TABLE egress_rule (
    id TEXT PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    -- A host; with a dot first, all hosts below it.
    host TEXT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    UNIQUE (tenant_id, host)
);

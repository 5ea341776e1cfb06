-- Which hosts the connections of tenants need. A way out that was opened for a connection closes with the
-- last connection that needs it; one that somebody opened by hand stays until somebody closes it.
CREATE TABLE egress_need (
    tenant_id TEXT NOT NULL REFERENCES tenant (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL,
    host TEXT NOT NULL,
    PRIMARY KEY (tenant_id, connection_id, host)
);

-- When it was opened for a connection; null where somebody asked for it by name.
ALTER TABLE egress_rule ADD COLUMN for_connections_at BIGINT;

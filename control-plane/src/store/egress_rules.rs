//! Which hosts tenants may reach.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{Actor, EgressRuleId, TenantId};

/// Rules a tenant may have.
pub const MOST: i64 = 64;

/// A rule as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Names it.
    pub id: EgressRuleId,
    /// The host; with a dot first, all below it.
    pub host: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a host may be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody asked for it by name: it stays until somebody takes it away.
    Asked,
    /// Connections need it: it goes with the last of them.
    Connections,
}

/// All of a tenant's, in the order of their hosts.
pub async fn of_tenant(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Row>, Error> {
    tx.all("SELECT id, host, created_at FROM egress_rule WHERE tenant_id = $1 ORDER BY host", &args![tenant], |row| {
        Ok(Row { id: row.id("id")?, host: row.text("host")?, created_at: row.time("created_at")? })
    })
    .await
}

/// Adds a rule. `false` when it is there already, or there are [`MOST`].
pub async fn insert(tx: &mut Tx, tenant: TenantId, row: &Row, (actor, why): (Actor, Why)) -> Result<bool, Error> {
    let for_connections_at = (why == Why::Connections).then_some(row.created_at);
    let added = tx
        .execute(
            "INSERT INTO egress_rule (id, tenant_id, host, actor_kind, actor_id, created_at, for_connections_at) \
             SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
             CAST($6 AS BIGINT), CAST($7 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM egress_rule WHERE tenant_id = $2) < CAST($8 AS BIGINT) \
             ON CONFLICT (tenant_id, host) DO NOTHING",
            &args![
                row.id,
                tenant,
                row.host.as_str(),
                actor.kind().as_str(),
                actor.id(),
                row.created_at,
                for_connections_at,
                MOST
            ],
        )
        .await?;
    Ok(added == 1)
}

/// Whether a tenant has a rule with just this host.
pub async fn is_there(tx: &mut Tx, tenant: TenantId, host: &str) -> Result<bool, Error> {
    let sql = "SELECT id FROM egress_rule WHERE tenant_id = $1 AND host = $2";
    Ok(tx.optional(sql, &args![tenant, host], |row| row.text("id")).await?.is_some())
}

/// Takes away what connections needed and none needs any more: the hosts, in order.
pub async fn remove_unneeded(tx: &mut Tx, tenant: TenantId) -> Result<Vec<String>, Error> {
    let sql = "DELETE FROM egress_rule WHERE tenant_id = $1 AND for_connections_at IS NOT NULL \
               AND host NOT IN (SELECT host FROM egress_need WHERE tenant_id = $1) RETURNING host";
    let mut hosts = tx.all(sql, &args![tenant], |row| row.text("host")).await?;
    hosts.sort_unstable();
    Ok(hosts)
}

/// Takes a rule away. `false` when there is none.
pub async fn remove(tx: &mut Tx, tenant: TenantId, id: EgressRuleId) -> Result<bool, Error> {
    let removed = tx.execute("DELETE FROM egress_rule WHERE tenant_id = $1 AND id = $2", &args![tenant, id]).await?;
    Ok(removed == 1)
}

/// Takes all of a tenant's away.
pub async fn remove_all(tx: &mut Tx, tenant: TenantId) -> Result<(), Error> {
    tx.execute("DELETE FROM egress_rule WHERE tenant_id = $1", &args![tenant]).await?;
    Ok(())
}

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

/// All of a tenant's, in the order of their hosts.
pub async fn of_tenant(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Row>, Error> {
    tx.all("SELECT id, host, created_at FROM egress_rule WHERE tenant_id = $1 ORDER BY host", &args![tenant], |row| {
        Ok(Row { id: row.id("id")?, host: row.text("host")?, created_at: row.time("created_at")? })
    })
    .await
}

/// Adds a rule. `false` when it is there already, or there are [`MOST`].
pub async fn insert(tx: &mut Tx, tenant: TenantId, row: &Row, actor: Actor) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO egress_rule (id, tenant_id, host, actor_kind, actor_id, created_at) \
             SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), CAST($5 AS TEXT), \
             CAST($6 AS BIGINT) \
             WHERE (SELECT COUNT(*) FROM egress_rule WHERE tenant_id = $2) < CAST($7 AS BIGINT) \
             ON CONFLICT (tenant_id, host) DO NOTHING",
            &args![row.id, tenant, row.host.as_str(), actor.kind().as_str(), actor.id(), row.created_at, MOST],
        )
        .await?;
    Ok(added == 1)
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

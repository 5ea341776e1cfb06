//! Which hosts the connections of tenants need: `egress_need`.

use polder_db::{Error, Tx, args};
use polder_tenant_api::connections::ConnectionId;

use crate::model::TenantId;

/// The hosts that a connection needs, in order.
pub async fn of_connection(tx: &mut Tx, tenant: TenantId, connection: ConnectionId) -> Result<Vec<String>, Error> {
    let sql = "SELECT host FROM egress_need WHERE tenant_id = $1 AND connection_id = $2 ORDER BY host";
    tx.all(sql, &args![tenant, connection], |row| row.text("host")).await
}

/// Notes what a connection needs now, in place of what it needed before. One that is gone needs nothing.
pub async fn replace(tx: &mut Tx, tenant: TenantId, connection: ConnectionId, hosts: &[String]) -> Result<(), Error> {
    let sql = "DELETE FROM egress_need WHERE tenant_id = $1 AND connection_id = $2";
    tx.execute(sql, &args![tenant, connection]).await?;
    for host in hosts {
        let sql = "INSERT INTO egress_need (tenant_id, connection_id, host) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant_id, connection_id, host) DO NOTHING";
        tx.execute(sql, &args![tenant, connection, host.as_str()]).await?;
    }
    Ok(())
}

/// Forgets what all connections of a tenant need.
pub async fn remove_all(tx: &mut Tx, tenant: TenantId) -> Result<(), Error> {
    tx.execute("DELETE FROM egress_need WHERE tenant_id = $1", &args![tenant]).await?;
    Ok(())
}

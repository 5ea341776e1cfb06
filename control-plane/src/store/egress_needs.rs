//! Which hosts the connections and applications of tenants need: `egress_need`. Its `connection_id` names either.

use polder_db::{Error, Tx, args};

use crate::model::TenantId;

/// The hosts that one of them needs, in order.
pub async fn of(tx: &mut Tx, tenant: TenantId, needed_by: &str) -> Result<Vec<String>, Error> {
    let sql = "SELECT host FROM egress_need WHERE tenant_id = $1 AND connection_id = $2 ORDER BY host";
    tx.all(sql, &args![tenant, needed_by], |row| row.text("host")).await
}

/// Notes what one needs now, in place of what it needed before. One that is gone needs nothing.
pub async fn replace(tx: &mut Tx, tenant: TenantId, needed_by: &str, hosts: &[String]) -> Result<(), Error> {
    let sql = "DELETE FROM egress_need WHERE tenant_id = $1 AND connection_id = $2";
    tx.execute(sql, &args![tenant, needed_by]).await?;
    for host in hosts {
        let sql = "INSERT INTO egress_need (tenant_id, connection_id, host) VALUES ($1, $2, $3) \
                   ON CONFLICT (tenant_id, connection_id, host) DO NOTHING";
        tx.execute(sql, &args![tenant, needed_by, host.as_str()]).await?;
    }
    Ok(())
}

/// Forgets what is needed at a tenant.
pub async fn remove_all(tx: &mut Tx, tenant: TenantId) -> Result<(), Error> {
    tx.execute("DELETE FROM egress_need WHERE tenant_id = $1", &args![tenant]).await?;
    Ok(())
}

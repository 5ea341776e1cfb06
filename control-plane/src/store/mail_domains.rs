//! Domains of tenants that their mail comes from.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::TenantId;

/// A domain, as it is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The domain.
    pub domain: String,
    /// Since when it is known to be the tenant's; until then nothing comes from it.
    pub verified_at: Option<Timestamp>,
}

/// A tenant's.
pub async fn of(tx: &mut Tx, tenant: TenantId) -> Result<Option<Row>, Error> {
    tx.optional("SELECT domain, verified_at FROM mail_domain WHERE tenant_id = $1", &args![tenant], |row| {
        Ok(Row { domain: row.text("domain")?, verified_at: row.opt_time("verified_at")? })
    })
    .await
}

/// Sets a tenant's, in place of the one before.
pub async fn put(tx: &mut Tx, tenant: TenantId, row: &Row, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO mail_domain (tenant_id, domain, verified_at, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (tenant_id) DO UPDATE SET domain = excluded.domain, verified_at = excluded.verified_at, \
         created_at = excluded.created_at",
        &args![tenant, row.domain.as_str(), row.verified_at, now],
    )
    .await?;
    Ok(())
}

/// Takes a tenant's away. `false` when there was none.
pub async fn remove(tx: &mut Tx, tenant: TenantId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM mail_domain WHERE tenant_id = $1", &args![tenant]).await? == 1)
}

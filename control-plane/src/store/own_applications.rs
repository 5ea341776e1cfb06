//! Applications that Polder's own programs sign in through, with their sealed secrets.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::TenantId;

/// A stored application of Polder's own.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is for: `console`, `coach`, `portal`.
    pub purpose: String,
    /// Its `client_id` at the tenant.
    pub client_id: String,
    /// Its secret, sealed.
    pub secret_sealed: String,
}

/// All of a tenant's.
pub async fn of_tenant(tx: &mut Tx, tenant: TenantId) -> Result<Vec<Row>, Error> {
    tx.all(
        "SELECT purpose, client_id, secret_sealed FROM own_application WHERE tenant_id = $1 ORDER BY purpose",
        &args![tenant],
        |row| {
            Ok(Row {
                purpose: row.text("purpose")?,
                client_id: row.text("client_id")?,
                secret_sealed: row.text("secret_sealed")?,
            })
        },
    )
    .await
}

/// Keeps an application, replacing what was known for the same purpose.
pub async fn put(tx: &mut Tx, tenant: TenantId, row: &Row, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO own_application (tenant_id, purpose, client_id, secret_sealed, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $5)
         ON CONFLICT (tenant_id, purpose) DO UPDATE
         SET client_id = excluded.client_id, secret_sealed = excluded.secret_sealed, updated_at = excluded.updated_at",
        &args![tenant, row.purpose.as_str(), row.client_id.as_str(), row.secret_sealed.as_str(), now],
    )
    .await?;
    Ok(())
}

/// Forgets every application of a tenant that is no more.
pub async fn remove_all(tx: &mut Tx, tenant: TenantId) -> Result<(), Error> {
    tx.execute("DELETE FROM own_application WHERE tenant_id = $1", &args![tenant]).await?;
    Ok(())
}

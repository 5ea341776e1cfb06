//! What is arranged for a tenant's life, and what is left at its end.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{Aim, Tenant, TenantId};

/// Gives a tenant another aim and other plans, unless its aim is no longer `from`.
pub async fn turn(tx: &mut Tx, from: Aim, tenant: &Tenant, now: Timestamp) -> Result<bool, Error> {
    let plans = &tenant.plans;
    let turned = tx
        .execute(
            "UPDATE tenant SET desired = $2, wake_at = $3, restart_at = $4, desired_before = $5, terminated_at = $6,
                 terminate_at = $7, updated_at = $8
             WHERE id = $1 AND desired = $9",
            &args![
                tenant.id,
                tenant.desired.as_str(),
                plans.wake_at,
                plans.restart_at,
                plans.desired_before.map(Aim::as_str),
                plans.terminated_at,
                plans.terminate_at,
                now,
                from.as_str()
            ],
        )
        .await?;
    Ok(turned == 1)
}

/// After how many seconds without a request the tenant sleeps: `None` as the installation does, 0 never.
pub async fn set_idle(tx: &mut Tx, id: TenantId, seconds: Option<i64>, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE tenant SET idle_after_seconds = $2, updated_at = $3 WHERE id = $1", &args![id, seconds, now])
        .await?;
    Ok(())
}

/// Writes down that a wanted restart has happened.
pub async fn restarted(tx: &mut Tx, id: TenantId) -> Result<(), Error> {
    tx.execute("UPDATE tenant SET restart_at = NULL WHERE id = $1 AND restart_at IS NOT NULL", &args![id]).await?;
    Ok(())
}

/// Has a sleeping tenant woken by then, where it would sleep for longer.
pub async fn wake_by(tx: &mut Tx, id: TenantId, due: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE tenant SET wake_at = $2 WHERE id = $1 AND desired = 'asleep' AND (wake_at IS NULL OR wake_at > $2)",
        &args![id, due],
    )
    .await?;
    Ok(())
}

/// At most `limit` sleeping tenants whose own work is due.
pub async fn due_to_wake(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<TenantId>, Error> {
    tx.all(
        "SELECT id FROM tenant WHERE wake_at <= $1 AND desired = 'asleep' ORDER BY wake_at, id LIMIT $2",
        &args![now, limit],
        |row| row.id("id"),
    )
    .await
}

/// At most `limit` tenants whose grace period is over.
pub async fn due_to_end(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<TenantId>, Error> {
    tx.all(
        "SELECT id FROM tenant WHERE terminate_at <= $1 AND desired = 'terminating' ORDER BY terminate_at, id LIMIT $2",
        &args![now, limit],
        |row| row.id("id"),
    )
    .await
}

/// What there was to destroy, as it was written down.
pub async fn inventory(tx: &mut Tx, id: TenantId) -> Result<Option<String>, Error> {
    let args = args![id];
    let found = tx.optional("SELECT inventory FROM tenant WHERE id = $1", &args, |row| row.opt_text("inventory"));
    Ok(found.await?.flatten())
}

/// Writes down what there is to destroy. A second look, with part of it gone, changes nothing.
pub async fn set_inventory(tx: &mut Tx, id: TenantId, inventory: &str) -> Result<(), Error> {
    tx.execute("UPDATE tenant SET inventory = $2 WHERE id = $1 AND inventory IS NULL", &args![id, inventory]).await?;
    Ok(())
}

/// The certificate of a destroyed tenant.
pub async fn certificate(tx: &mut Tx, id: TenantId) -> Result<Option<String>, Error> {
    let args = args![id];
    let found = tx.optional("SELECT certificate FROM tenant WHERE id = $1", &args, |row| row.opt_text("certificate"));
    Ok(found.await?.flatten())
}

/// Keeps the certificate of a tenant of which nothing is left. The first one stays.
pub async fn certify(tx: &mut Tx, id: TenantId, certificate: &str, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE tenant SET certificate = $2, destroyed_at = $3, wake_at = NULL, terminate_at = NULL
         WHERE id = $1 AND destroyed_at IS NULL",
        &args![id, certificate, now],
    )
    .await?;
    Ok(())
}

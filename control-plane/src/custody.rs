//! Looks after the keys that are kept for tenants, the seal key and the one that signs our word to the tenant:
//! completes rotations that a crash interrupted, and begins one when a key is old.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_kernel::Timestamp;
use tokio::sync::OwnedMutexGuard;

use crate::administer::{On, assertion_key, keys};
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Tenant, TenantId, TenantState};
use crate::secrets::Name;
use crate::store::tenants;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// How long a key is used before another takes over.
pub const PERIOD: Duration = Duration::from_secs(365 * 24 * 3600);

/// Whose seal key is being rotated. One rotation of a tenant's key comes after the other: a late end of one
/// would give the key of the next the place of the one in use, before the tenant uses it.
#[derive(Default)]
pub struct Rotations(Mutex<HashMap<TenantId, Arc<tokio::sync::Mutex<()>>>>);

impl Rotations {
    /// Waits until nobody else rotates the tenant's seal key. Nobody does while this is held.
    pub async fn turn(&self, tenant: TenantId) -> OwnedMutexGuard<()> {
        let place = {
            let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(places.entry(tenant).or_default())
        };
        place.lock_owned().await
    }
}

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(app: Arc<App>) {
    loop {
        tokio::time::sleep(EVERY).await;
        if let Err(error) = round(&app).await {
            tracing::error!(%error, "the seal keys were not looked after");
        }
    }
}

/// Looks once. A tenant that sleeps is left to sleep: its next wake is soon enough.
///
/// # Errors
/// When the tenants cannot be listed.
pub async fn round(app: &Arc<App>) -> Result<(), polder_db::Error> {
    let all = tenants::list(&mut app.db.read().await?).await?;
    for tenant in all.into_iter().filter(|tenant| matches!(tenant.state, TenantState::Running | TenantState::Suspended))
    {
        let on = On { app: Arc::clone(app), tenant, acting: ActingFor::system() };
        let short = on.tenant.short_id.as_str();
        if is_due(app, (&Name::TenantSeal(short), &Name::TenantSealNext(short)))
            && let Err(error) = keys::rotate_seal(&on).await
        {
            tracing::warn!(tenant = %on.tenant.slug, %error, "its seal key was not rotated; it will be tried again");
        }
        if is_due(app, (&Name::TenantAdmin(short), &Name::TenantAdminNext(short)))
            && let Err(error) = assertion_key::rotate(&on).await
        {
            tracing::warn!(tenant = %on.tenant.slug, %error, "our key to it was not rotated; it will be tried again");
        }
    }
    Ok(())
}

/// Whether a key is to be rotated: a rotation was begun, or it was written a period ago.
fn is_due(app: &App, (key, next): (&Name<'_>, &Name<'_>)) -> bool {
    app.secrets.has(next) || written(app, key).is_some_and(|at| app.clock.now().since(at) >= PERIOD)
}

/// When a tenant's seal key was written.
pub fn sealed_since(app: &App, tenant: &Tenant) -> Option<Timestamp> {
    written(app, &Name::TenantSeal(&tenant.short_id))
}

fn written(app: &App, name: &Name<'_>) -> Option<Timestamp> {
    let file = std::fs::metadata(app.secrets.path(name)).ok()?;
    let since = file.modified().ok()?.duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(Timestamp::from_seconds(i64::try_from(since.as_secs()).ok()?))
}

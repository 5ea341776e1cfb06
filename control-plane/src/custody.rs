//! Looks after tenants' seal keys: completes rotations that a crash interrupted, and begins one when a key is old.

use std::sync::Arc;
use std::time::Duration;

use polder_kernel::Timestamp;

use crate::administer::{On, keys};
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Tenant, TenantState};
use crate::secrets::Name;
use crate::store::tenants;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(60);

/// How long a seal key is used before another takes over.
pub const PERIOD: Duration = Duration::from_secs(365 * 24 * 3600);

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
    for tenant in all.into_iter().filter(|tenant| is_due(app, tenant)) {
        let on = On { app: Arc::clone(app), tenant, acting: ActingFor::system() };
        if let Err(error) = keys::rotate_seal(&on).await {
            tracing::warn!(tenant = %on.tenant.slug, %error, "its seal key was not rotated; it will be tried again");
        }
    }
    Ok(())
}

fn is_due(app: &App, tenant: &Tenant) -> bool {
    if !matches!(tenant.state, TenantState::Running | TenantState::Suspended) {
        return false;
    }
    app.secrets.has(&Name::TenantSealNext(&tenant.short_id)) || is_old(app, tenant)
}

/// Whether its seal key was written a period ago.
fn is_old(app: &App, tenant: &Tenant) -> bool {
    let written =
        std::fs::metadata(app.secrets.path(&Name::TenantSeal(&tenant.short_id))).and_then(|file| file.modified());
    let Ok(Ok(since)) = written.map(|written| written.duration_since(std::time::UNIX_EPOCH)) else { return false };
    let written = Timestamp::from_seconds(i64::try_from(since.as_secs()).unwrap_or(i64::MAX));
    app.clock.now().since(written) >= PERIOD
}

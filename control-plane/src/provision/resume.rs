//! After a start of the control plane: every tenant is brought back to where it was.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::iter;
use polder_db::Error;

use super::{runner, settled};
use crate::app::App;
use crate::model::{Actor, Aim, Tenant, TenantId};
use crate::store::{operations, tenants};

/// How many tenants are brought up at a time.
const AT_A_TIME: usize = 4;

/// Brings every tenant to what it is meant to be, and waits for it. One that fails does not hold up the
/// others; its state says so. One that sleeps goes on sleeping.
///
/// # Errors
/// When the tenants cannot be listed.
pub async fn all(app: &Arc<App>) -> Result<(), Error> {
    let mut wanted = Vec::new();
    for tenant in tenants::list(&mut app.db.read().await?).await? {
        if is_at_rest(&tenant) && operations::open(&mut app.db.read().await?, tenant.id).await?.is_none() {
            if tenant.desired == Aim::Asleep {
                app.routes.hold(tenant.slug.as_str(), tenant.id);
            }
        } else {
            wanted.push(tenant);
        }
    }
    iter(wanted).for_each_concurrent(AT_A_TIME, |tenant| bring_back(app, tenant.id)).await;
    Ok(())
}

async fn bring_back(app: &Arc<App>, tenant: TenantId) {
    runner::work(app, tenant, Actor::System).await;
    // Somebody may have asked for something already, and then it is that runner's.
    if app.provision.is_at_work(tenant) {
        settled(app, tenant, app.settings.patience.start).await;
    }
}

/// Nothing runs of it, and nothing is to.
fn is_at_rest(tenant: &Tenant) -> bool {
    matches!(tenant.desired, Aim::Asleep | Aim::Terminating) && tenant.state == tenant.desired.state()
}

//! After a start of the control plane: every tenant is brought back to where it was.

use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::iter;
use polder_db::Error;

use super::runner;
use crate::app::App;
use crate::model::{Actor, Tenant, TenantState};
use crate::store::tenants;

/// How many tenants are brought up at a time.
const AT_A_TIME: usize = 4;

/// Brings up every tenant that was running or on its way, and waits for it. One that fails does not
/// hold up the others; its state says so.
///
/// # Errors
/// When the tenants cannot be listed.
pub async fn all(app: &Arc<App>) -> Result<(), Error> {
    let tenants = tenants::list(&mut app.db.read().await?).await?;
    let wanted = tenants.into_iter().filter(is_wanted);
    iter(wanted).for_each_concurrent(AT_A_TIME, |tenant| runner::work(app, tenant.id, Actor::System)).await;
    Ok(())
}

fn is_wanted(tenant: &Tenant) -> bool {
    matches!(tenant.state, TenantState::Running | TenantState::Provisioning | TenantState::Failed)
}

//! What becomes of tenants with time: who is idle sleeps, whose own work is due is woken, whose grace
//! period is over is destroyed, and what was left half done is taken up again.

use std::sync::Arc;
use std::time::Duration;

use polder_db::Error;
use polder_tenant_api::Health;

use super::change::{ChangeError, change};
use super::disk;
use super::runner;
use super::transition::Action;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::TenantId;
use crate::store::{life, operations, tenants};
use crate::tenant_client;

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// How many are woken, or destroyed, in one look: what is left is for the next.
const AT_A_TIME: i64 = 8;

/// Runs until it is dropped. Failures are logged and tried again.
pub async fn keep(app: Arc<App>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = look(&app).await {
            tracing::error!(%error, "tenants were not looked after");
        }
        if let Err(error) = disk::look(&app).await {
            tracing::error!(%error, "what tenants take of the disk was not looked at");
        }
    }
}

/// Begins what is due now.
///
/// # Errors
/// The database's; what was not begun is still due.
pub async fn look(app: &Arc<App>) -> Result<(), Error> {
    let now = app.clock.now();
    // Whoever worked on one gave up because our own database was away.
    for (tenant, actor) in operations::unfinished(&mut app.db.read().await?, AT_A_TIME).await? {
        if !app.provision.is_at_work(tenant) {
            runner::drive(app, tenant, actor);
        }
    }
    for route in app.routes.idle(now) {
        // A code is worth little later, and so is the end of a session: what waits to be sent goes first.
        if !has_word(app, route.tenant_id).await? {
            begin(app, route.tenant_id, Action::Sleep).await?;
        }
    }
    let ended = life::due_to_end(&mut app.db.read().await?, now, AT_A_TIME).await?;
    for tenant in ended {
        begin(app, tenant, Action::Destroy).await?;
    }
    let due = life::due_to_wake(&mut app.db.read().await?, now, AT_A_TIME).await?;
    for tenant in due {
        begin(app, tenant, Action::Wake).await?;
    }
    Ok(())
}

/// How soon an application must be told of an ended session for the tenant to stay awake until then. It is woken
/// for what comes later: one that has not answered for hours keeps no tenant awake.
const SOON: Duration = Duration::from_secs(60);

/// Whether any of a tenant's messages waits, or word of an ended session. One that does not answer is left for the next look.
async fn has_word(app: &App, id: TenantId) -> Result<bool, Error> {
    let Some(tenant) = tenants::by_id(&mut app.db.read().await?, id).await? else { return Ok(false) };
    let soon = app.clock.now() + SOON;
    let waits = |health: Health| health.next_message_at.is_some() || health.next_logout_at.is_some_and(|at| at <= soon);
    Ok(tenant_client::health(app, &tenant).await.map_or(true, waits))
}

async fn begin(app: &Arc<App>, tenant: TenantId, action: Action) -> Result<(), Error> {
    match change(app, &ActingFor::system(), tenant, action).await {
        Err(ChangeError::Database(error)) => Err(error),
        // Somebody was quicker, or wanted something else: the next look finds out.
        Err(error) => {
            tracing::info!(%tenant, ?action, %error, "not begun");
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

//! A change of a tenant's life, from the request to the first step.

use std::sync::Arc;
use std::time::Duration;

use polder_db::Error;
use tokio::time::Instant;

use super::transition::{self, Action, Illegal};
use super::{idle, runner};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{OperationId, Tenant, TenantId};
use crate::store::{life, operations, tenants};

/// How long a change waits for one that is under way.
const PATIENCE: Duration = Duration::from_secs(8);

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such tenant.
    #[error("there is no such tenant")]
    Unknown,
    /// It makes no sense now.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// Another change does not come to its end.
    #[error("another change of this tenant is under way")]
    Busy,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What came of a wish.
enum Taken {
    /// It is so already.
    Already,
    /// An operation was begun.
    Begun,
    /// Another one is under way.
    Busy,
}

/// Begins to make of a tenant what `action` says. That is durable when this returns, and audited with
/// who asked; [`settled`] waits for it. Asking for what is so already does nothing.
///
/// # Errors
/// [`ChangeError`].
pub async fn change(app: &Arc<App>, acting: &ActingFor, tenant: TenantId, action: Action) -> Result<(), ChangeError> {
    let until = Instant::now() + PATIENCE;
    loop {
        match take(app, acting, tenant, action).await? {
            Taken::Already => return Ok(()),
            Taken::Begun => {
                runner::drive(app, tenant, acting.actor);
                return Ok(());
            }
            Taken::Busy => {
                // Nobody may be at work where an earlier run was interrupted.
                runner::drive(app, tenant, acting.actor);
                let left = until.saturating_duration_since(Instant::now());
                if left.is_zero() || !settled(app, tenant, left).await {
                    return Err(ChangeError::Busy);
                }
            }
        }
    }
}

async fn take(app: &App, acting: &ActingFor, id: TenantId, action: Action) -> Result<Taken, ChangeError> {
    let (now, operation) = (app.clock.now(), OperationId::new(&app.clock, &app.entropy));
    let acting = acting.clone();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let tenant = tenants::by_id(tx, id).await?.ok_or(ChangeError::Unknown)?;
                let open = operations::open(tx, id).await?.is_some();
                let turned = match transition::next(&tenant, action, now) {
                    Ok(Some(turned)) => turned,
                    Ok(None) => return Ok(Taken::Already),
                    // It will be made in a moment.
                    Err(Illegal::NotMade) if open => return Ok(Taken::Busy),
                    Err(illegal) => return Err(illegal.into()),
                };
                if open {
                    return Ok(Taken::Busy);
                }
                life::turn(tx, tenant.desired, &turned, now).await?;
                operations::begin(tx, operation, (id, action.kind()), &acting.actor, now).await?;
                polder_audit::record(tx, event(&acting, &turned, action));
                Ok(Taken::Begun)
            })
        })
        .await
}

fn event(acting: &ActingFor, tenant: &Tenant, action: Action) -> polder_audit::Event {
    let days = match action {
        Action::Terminate { grace_days } => Some(grace_days.to_string()),
        _ => None,
    };
    let facts: Vec<(&str, &str)> = days.iter().map(|days| ("grace_days", days.as_str())).collect();
    audit::event(action.asked(), acting, Some(&tenant.slug), &facts)
}

/// Waits until nobody works on a tenant: `false` when that takes longer.
pub async fn settled(app: &App, tenant: TenantId, within: Duration) -> bool {
    let until = Instant::now() + within;
    // A runner that was just spawned has not begun yet.
    tokio::task::yield_now().await;
    loop {
        let mut rested = std::pin::pin!(app.provision.rested());
        rested.as_mut().enable();
        if !app.provision.is_at_work(tenant) && !has_open(app, tenant).await {
            return true;
        }
        if tokio::time::timeout_at(until, rested).await.is_err() {
            return false;
        }
    }
}

async fn has_open(app: &App, tenant: TenantId) -> bool {
    let Ok(mut tx) = app.db.read().await else { return false };
    operations::open(&mut tx, tenant).await.is_ok_and(|open| open.is_some())
}

/// Changes after how many seconds without a request a tenant sleeps: `None` as the installation does,
/// 0 never. It counts from now on.
///
/// # Errors
/// [`ChangeError`].
pub async fn set_idle(app: &App, acting: &ActingFor, tenant: &Tenant, seconds: Option<i64>) -> Result<(), ChangeError> {
    let text = seconds.map_or_else(|| "default".to_owned(), |seconds| seconds.to_string());
    let event = audit::event("tenant.changed", acting, Some(&tenant.slug), &[("idle_after_seconds", &text)]);
    let (id, now) = (tenant.id, app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                life::set_idle(tx, id, seconds, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    if let Some(route) = app.routes.get(tenant.slug.as_str()) {
        let mut changed = tenant.clone();
        changed.plans.idle_after_seconds = seconds;
        route.in_use.set_idle_after(idle::after(&app.settings, &changed));
    }
    Ok(())
}

//! Asks tenants that run, and keeps what they say. Nobody is woken for it.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use polder_db::Error;
use polder_kernel::{Day, Month, Timestamp};
use polder_tenant_api::{Attention, UsageDay, UsageMonth, UsageReport};

use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Tenant, TenantId};
use crate::store::{tenants, usage};
use crate::tenant_client::{self, CallError};

/// How old what is stored may be when a page shows it while the tenant runs.
const FRESH: Duration = Duration::from_secs(10);
/// How long a page waits for a tenant.
const WAIT: Duration = Duration::from_secs(2);
/// How many days are asked for the first time.
const LONGEST: i64 = 366;
/// The most of a kind that is taken from a tenant, which may have been broken into.
const MOST: usize = 400;
/// The longest name that is taken from one, in characters.
const NAME: usize = 120;

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// The tenant gave no answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Our own database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Asks every tenant that runs.
pub async fn all(app: &App) {
    for (id, _) in app.links.all() {
        if let Err(error) = by_id(app, id).await {
            tracing::info!(tenant = %id, %error, "its usage was not collected");
        }
    }
}

/// Asks a tenant that goes to sleep.
pub async fn before_sleep(app: &App, id: TenantId) {
    if let Err(error) = by_id(app, id).await {
        tracing::info!(tenant = %id, %error, "its usage was not collected before it sleeps");
    }
}

/// Asks a tenant that runs, unless it was asked a moment ago. What is stored holds where it does not answer.
pub async fn fresh(app: &Arc<App>, tenant: &Tenant) {
    super::flush(app).await;
    if !app.links.has(tenant.id) {
        return;
    }
    match tokio::time::timeout(WAIT, if_stale(app, tenant)).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::info!(tenant = %tenant.slug, %error, "its usage was not collected"),
        Err(_) => tracing::info!(tenant = %tenant.slug, "its usage was not collected in time"),
    }
}

async fn if_stale(app: &App, tenant: &Tenant) -> Result<(), CollectError> {
    let collected_at = usage::collected_at(&mut app.db.read().await?, tenant.id).await?;
    match collected_at {
        Some(at) if app.clock.now().since(at) < FRESH => Ok(()),
        at => collect(app, tenant, at).await,
    }
}

async fn by_id(app: &App, id: TenantId) -> Result<(), CollectError> {
    let mut tx = app.db.read().await?;
    let Some(tenant) = tenants::by_id(&mut tx, id).await? else { return Ok(()) };
    let collected_at = usage::collected_at(&mut tx, id).await?;
    drop(tx);
    collect(app, &tenant, collected_at).await
}

async fn collect(app: &App, tenant: &Tenant, last: Option<Timestamp>) -> Result<(), CollectError> {
    let (id, now) = (tenant.id, app.clock.now());
    let today = Day::of(now);
    // The day before the last look, since it was not over then.
    let from = last.map_or(today.plus(1 - LONGEST), |at| Day::of(at).plus(-1)).max(today.plus(1 - LONGEST));
    let target = format!("/usage?from={}&to={today}", from.min(today));
    let report: UsageReport =
        tenant_client::ask(app, tenant, &ActingFor::system(), (Method::GET, &target), None::<&()>).await?;
    let UsageReport { days, months, attention } = report;
    let days: Vec<(Day, UsageDay)> =
        days.into_iter().take(MOST).filter_map(|day| Some((day.day.parse().ok()?, day))).collect();
    let months: Vec<(Month, UsageMonth)> =
        months.into_iter().take(MOST).filter_map(|month| Some((month.month.parse().ok()?, month))).collect();
    let attention = serde_json::to_string(&attention.into_iter().map(cut).take(50).collect::<Vec<_>>());
    let attention = attention.map_err(|error| CallError::Unreadable(error.to_string()))?;
    let written = app.db.write(move |tx| {
        Box::pin(async move {
            for (day, said) in &days {
                usage::put_day(tx, id, *day, said).await?;
            }
            for (month, said) in &months {
                usage::put_month(tx, id, *month, said).await?;
            }
            usage::put_report(tx, id, &attention, now).await
        })
    });
    Ok(written.await?)
}

fn cut(attention: Attention) -> Attention {
    let short = |text: String| text.chars().filter(|c| !c.is_control()).take(NAME).collect();
    Attention { name: attention.name.map(short), id: attention.id.map(short), ..attention }
}

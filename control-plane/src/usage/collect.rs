//! Asks tenants that run, and keeps what they say. Nobody is woken for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use http::Method;
use polder_db::Error;
use polder_kernel::{Day, Month, Timestamp};
use polder_tenant_api::{Attention, SignIns, UsageDay, UsageMonth, UsageReport};

use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Tenant, TenantId};
use crate::store::{tenants, usage};
use crate::tenant_client::{self, CallError};

/// How old what is stored may be when a page shows it while the tenant runs.
const FRESH: Duration = Duration::from_secs(10);
/// How long a tenant is waited for.
const WAIT: Duration = Duration::from_secs(2);
/// How many are asked at once.
const AT_ONCE: usize = 8;
/// How many days are asked for the first time.
const LONGEST: i64 = 366;
/// How many months back a tenant may say anything of.
const MONTHS: i64 = 24;
/// The most that one counts in a month: sums stay far from what a number can hold.
const MOST_COUNTED: u64 = 1_000_000_000_000;
/// The most things that need attention.
const MOST_ATTENTION: usize = 50;
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
    /// It took too long.
    #[error("it did not answer in time")]
    Late,
}

/// Asks every tenant that runs.
pub async fn all(app: &App) {
    let all = app.links.all().into_iter().map(|(id, _)| one(app, id));
    stream::iter(all).buffer_unordered(AT_ONCE).collect::<()>().await;
}

async fn one(app: &App, id: TenantId) {
    if let Err(error) = by_id(app, id).await {
        tracing::info!(tenant = %id, %error, "its usage was not collected");
    }
}

/// Asks a tenant that is about to stop: for some it is the last time.
pub async fn before_stop(app: &App, id: TenantId) {
    if app.links.has(id) {
        one(app, id).await;
    }
}

/// Asks a tenant that runs, unless it was asked a moment ago. What is stored holds where it does not answer.
pub async fn fresh(app: &Arc<App>, tenant: &Tenant) {
    super::flush(app).await;
    if !app.links.has(tenant.id) {
        return;
    }
    if let Err(error) = if_stale(app, tenant).await {
        tracing::info!(tenant = %tenant.slug, %error, "its usage was not collected");
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
    let system = ActingFor::system();
    let asked = tenant_client::ask(app, tenant, &system, (Method::GET, &target), None::<&()>);
    let report: UsageReport = tokio::time::timeout(WAIT, asked).await.map_err(|_| CollectError::Late)??;
    let UsageReport { days, months, attention } = report;
    // One that was broken into says what it likes, but of no other days than it was asked about.
    let days = days.into_iter().filter_map(|day| Some((day.day.parse::<Day>().ok()?, bounded_day(day))));
    let days: BTreeMap<Day, UsageDay> = days.filter(|(day, _)| (from..=today).contains(day)).collect();
    let (current, oldest) = (today.month(), today.month().plus(1 - MONTHS));
    let months = months.into_iter().filter_map(|month| Some((month.month.parse::<Month>().ok()?, month)));
    let months = months.filter(|(month, _)| (oldest..=current).contains(month));
    let months: BTreeMap<Month, UsageMonth> = months.map(|(at, month)| (at, bounded_month(month, at, now))).collect();
    let attention = serde_json::to_string(&attention.into_iter().map(cut).take(MOST_ATTENTION).collect::<Vec<_>>());
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

fn bounded_day(mut day: UsageDay) -> UsageDay {
    let UsageDay { active_people, sign_ins, failed_sign_ins, .. } = &mut day;
    let SignIns { email_code, passkey, connection } = sign_ins;
    for count in [active_people, email_code, passkey, connection, failed_sign_ins] {
        *count = (*count).min(MOST_COUNTED);
    }
    day
}

/// A month is closed once it is over, and not before.
fn bounded_month(month: UsageMonth, at: Month, now: Timestamp) -> UsageMonth {
    let closed_at = month.closed_at.as_deref().and_then(|moment| moment.parse::<Timestamp>().ok());
    let closed_at = closed_at.filter(|_| at.ends() <= now).map(|moment| moment.clamp(at.ends(), now).rfc3339());
    UsageMonth {
        active_people: month.active_people.min(MOST_COUNTED),
        sign_ins: month.sign_ins.min(MOST_COUNTED),
        failed_sign_ins: month.failed_sign_ins.min(MOST_COUNTED),
        closed_at,
        ..month
    }
}

fn cut(attention: Attention) -> Attention {
    let short = |text: String| text.chars().filter(|c| !c.is_control()).take(NAME).collect();
    Attention { name: attention.name.map(short), id: attention.id.map(short), ..attention }
}

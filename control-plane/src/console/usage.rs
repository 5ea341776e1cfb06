//! What a tenant, and all tenants, were used for (K12): pages, and rows for a spreadsheet.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use polder_hosted_pages::console::{Usage, UsageOfAll, UsageRow};
use polder_kernel::{Day, Month};
use serde::Deserialize;

use super::in_tenant::InTenant;
use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::usage::read::{self, MOST_DAYS, MOST_MONTHS, Place, TenantMonth};
use crate::usage::{self, sheets};

/// How many days, and how many months, are shown unless others are asked for.
const DAYS: i64 = 30;
/// See [`DAYS`].
const MONTHS: i64 = 12;
/// Rows of a page about all tenants.
const ROWS: u32 = 100;

/// Which days or months are wanted.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    from: Option<String>,
    to: Option<String>,
    cursor: Option<String>,
}

impl Asked {
    /// The days, and whether others were asked for than can be shown.
    fn days(&self, today: Day) -> ((Day, Day), bool) {
        let usual = (today.plus(1 - DAYS), today);
        let read = |text: &Option<String>, other: Day| given(text).map_or(Some(other), |text| text.parse().ok());
        let to = read(&self.to, usual.1);
        let from = to.and_then(|to| read(&self.from, to.plus(1 - DAYS)));
        match from.zip(to).filter(|(from, to)| (0..MOST_DAYS).contains(&to.since(*from))) {
            Some(days) => (days, false),
            None => (usual, true),
        }
    }

    fn months(&self, current: Month) -> ((Month, Month), bool) {
        let usual = (current.plus(1 - MONTHS), current);
        let read = |text: &Option<String>, other: Month| given(text).map_or(Some(other), |text| text.parse().ok());
        let to = read(&self.to, usual.1);
        let from = to.and_then(|to| read(&self.from, to.plus(1 - MONTHS)));
        match from.zip(to).filter(|(from, to)| (0..MOST_MONTHS).contains(&to.since(*from))) {
            Some(months) => (months, false),
            None => (usual, true),
        }
    }
}

/// `GET /tenants/{slug}/usage`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let now = console.app.clock.now();
    let ((from, to), wrong) = asked.days(Day::of(now));
    usage::fresh(&console.app, &on.tenant).await;
    let mut tx = console.app.db.read().await?;
    let days = read::days(&mut tx, &on.tenant, (from, to)).await?;
    let current = Month::of(now);
    let months = read::months(&mut tx, &on.tenant, (current.plus(1 - MONTHS), current)).await?;
    drop(tx);
    let page = Usage {
        shell: member.shell(),
        tenant: head(&on.tenant),
        days: &days,
        months: &months,
        from: &from.to_string(),
        to: &to.to_string(),
        wrong,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /tenants/{slug}/usage.csv`.
pub async fn days_csv(
    State(console): State<Arc<Console>>,
    InTenant { on, .. }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (span, wrong) = asked.days(Day::of(console.app.clock.now()));
    if wrong {
        return Err(Fault::BadRequest("no days"));
    }
    usage::fresh(&console.app, &on.tenant).await;
    let days = read::days(&mut console.app.db.read().await?, &on.tenant, span).await?;
    Ok(sheets::days(&days).answer(&format!("{}-usage.csv", on.tenant.slug)))
}

/// `GET /tenants/{slug}/usage-months.csv`: as far back as there is anything.
pub async fn months_csv(State(console): State<Arc<Console>>, InTenant { on, .. }: InTenant) -> Result<Response, Fault> {
    usage::fresh(&console.app, &on.tenant).await;
    let current = Month::of(console.app.clock.now());
    let span = (current.plus(1 - 12 * 8), current);
    let months = read::months(&mut console.app.db.read().await?, &on.tenant, span).await?;
    Ok(sheets::months(&months).answer(&format!("{}-usage-months.csv", on.tenant.slug)))
}

/// `GET /usage`: every tenant of the organisation. None is asked, so none is woken.
pub async fn of_all(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (span, wrong) = asked.months(Month::of(console.app.clock.now()));
    // A place that is none of ours is the beginning.
    let after = asked.cursor.as_deref().and_then(Place::parse);
    usage::flush(&console.app).await;
    let mut tx = console.app.db.read().await?;
    let mut found =
        read::of_organisation(&mut tx, member.session.organisation_id, span, (after.as_ref(), ROWS + 1)).await?;
    drop(tx);
    let more = found.len() > ROWS as usize;
    found.truncate(ROWS as usize);
    let next = found.last().filter(|_| more).and_then(Place::after).map(|place| place.to_text());
    let rows: Vec<UsageRow<'_>> =
        found.iter().map(|TenantMonth { tenant, month }| UsageRow { tenant, month }).collect();
    let page = UsageOfAll {
        shell: member.shell(),
        rows: &rows,
        from: &span.0.to_string(),
        to: &span.1.to_string(),
        wrong,
        next: next.as_deref(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /usage.csv`: all of it, a part after the other, so that memory holds one part.
pub async fn of_all_csv(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (span, wrong) = asked.months(Month::of(console.app.clock.now()));
    if wrong {
        return Err(Fault::BadRequest("no months"));
    }
    usage::flush(&console.app).await;
    Ok(sheets::of_all(&console.app, member.session.organisation_id, span))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

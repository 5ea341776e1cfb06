//! What is stored, as pages and the public API show it.

use polder_db::{Error, Tx};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_kernel::{Day, Month, Slug, Timestamp};
use polder_tenant_api::{Attention, AttentionKind, UsageDay, UsageMonth};

use crate::app::App;
use crate::model::{OrganisationId, Tenant};
use crate::store::usage;

/// The most days, and the most months, that are shown at once.
pub const MOST_DAYS: i64 = 400;
/// See [`MOST_DAYS`].
pub const MOST_MONTHS: i64 = 36;

/// A month of one of an organisation's tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantMonth {
    /// The tenant's slug.
    pub tenant: String,
    /// The month.
    pub month: UsageMonth,
}

/// A place in the list of all tenants' months.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    slug: String,
    month: Month,
}

impl Place {
    /// After this month of this tenant.
    pub fn after(last: &TenantMonth) -> Option<Self> {
        Some(Self { slug: last.tenant.clone(), month: last.month.month.parse().ok()? })
    }

    /// In the form that [`Self::parse`] reads.
    pub fn to_text(&self) -> String {
        base64url(format!("{} {}", self.slug, self.month).as_bytes())
    }

    /// A place that a caller gave back; `None` for what is none of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let text = String::from_utf8(from_base64url(text)?).ok()?;
        let (slug, month) = text.split_once(' ')?;
        Some(Self { slug: slug.parse::<Slug>().ok()?.to_string(), month: month.parse().ok()? })
    }
}

/// Days of a tenant, each of them, with nothing where nothing was.
///
/// # Errors
/// The database's.
pub async fn days(tx: &mut Tx, tenant: &Tenant, (from, to): (Day, Day)) -> Result<Vec<UsageDay>, Error> {
    let mut stored = usage::days(tx, tenant.id, (from, to)).await?.into_iter().peekable();
    let mut days = Vec::new();
    for offset in 0..=to.since(from).clamp(0, MOST_DAYS) {
        let day = from.plus(offset);
        let found = stored.next_if(|(at, _)| *at == day).map(|(_, found)| found);
        days.push(found.unwrap_or_else(|| UsageDay { day: day.to_string(), ..UsageDay::default() }));
    }
    Ok(days)
}

/// Months of a tenant of which there is anything, oldest first.
///
/// # Errors
/// The database's.
pub async fn months(tx: &mut Tx, tenant: &Tenant, (from, to): (Month, Month)) -> Result<Vec<UsageMonth>, Error> {
    usage::months(tx, tenant.id, (from, to)).await
}

/// Months of an organisation's tenants, by slug and month, after a place.
///
/// # Errors
/// The database's.
pub async fn of_organisation(
    tx: &mut Tx,
    organisation: OrganisationId,
    (from, to): (Month, Month),
    (after, limit): (Option<&Place>, u32),
) -> Result<Vec<TenantMonth>, Error> {
    let start = ("", Month::of(Timestamp::from_millis(0)));
    let (slug, month) = after.map_or(start, |place| (place.slug.as_str(), place.month));
    usage::of_organisation(tx, organisation, (from, to), (slug, month, limit)).await
}

/// What needs attention at a tenant: what it said when it was last asked, and what is known here. With when that was.
///
/// # Errors
/// The database's.
pub async fn attention(app: &App, tx: &mut Tx, tenant: &Tenant) -> Result<(Vec<Attention>, Option<Timestamp>), Error> {
    let report = usage::report(tx, tenant.id).await?;
    let collected_at = report.as_ref().map(|(_, at)| *at);
    let said: Vec<Attention> = report.and_then(|(text, _)| serde_json::from_str(&text).ok()).unwrap_or_default();
    let full = app.usage.nearly_full(tenant.id);
    let full = full.map(|count| Attention { kind: AttentionKind::DiskNearlyFull, count, id: None, name: None });
    Ok((full.into_iter().chain(said).collect(), collected_at))
}

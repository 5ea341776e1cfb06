//! `/tenants/{slug}/usage` and `/usage` (K12): served from what the control plane collected, so that nobody is woken.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::ACCEPT;
use polder_kernel::{Day, Month};
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::{Page, UsageDay, UsageMonth, UsageRecount};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiError;
use super::caller::Caller;
use super::input::{MOST, Params};
use super::within::{Remembered, Within};
use crate::administer;
use crate::app::App;
use crate::usage::read::{self, MOST_DAYS, MOST_MONTHS, Place, TenantMonth};
use crate::usage::{self, sheets};

/// Which days are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Days {
    /// The first day, in UTC: 30 days up to the last unless given.
    #[param(nullable = false, example = "2026-11-01", format = Date)]
    from: Option<String>,
    /// The last day, in UTC: today unless given. At most 400 days after the first.
    #[param(nullable = false, example = "2026-11-21", format = Date)]
    to: Option<String>,
}

/// Which months are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Months {
    /// The first month, in UTC: twelve up to the last unless given.
    #[param(nullable = false, example = "2026-01")]
    from: Option<String>,
    /// The last month, in UTC: this one unless given. At most 36 months with the first.
    #[param(nullable = false, example = "2026-11")]
    to: Option<String>,
}

/// Which months of which tenants are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OfAll {
    /// The first month, in UTC: twelve up to the last unless given.
    #[param(nullable = false, example = "2026-01")]
    from: Option<String>,
    /// The last month, in UTC: this one unless given. At most 36 months with the first.
    #[param(nullable = false, example = "2026-11")]
    to: Option<String>,
    /// `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Which month is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OneMonth {
    /// The month, in UTC: this one unless given.
    #[param(nullable = false, example = "2026-11")]
    month: Option<String>,
}

/// A month of one of your tenants.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct MonthOfTenant {
    /// The tenant's slug.
    pub tenant: String,
    /// The month.
    #[serde(flatten)]
    pub month: UsageMonth,
}

/// Shows what a tenant was used for, day by day (UTC), oldest first.
///
/// Ask for `text/csv` by `Accept` to get rows for a spreadsheet. What counts is written in docs/usage.md. A tenant that
/// sleeps is not woken: nothing happened since it was last asked.
#[utoipa::path(
    get, path = "/tenants/{slug}/usage", operation_id = "showUsage", tag = "usage",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Days),
    responses((status = 200, description = "Every day, also those on which nothing was", content(
        (Page<UsageDay> = "application/json", example = json!({"items": [{"day": "2026-11-21", "active_people": 42,
            "sign_ins": {"email_code": 12, "passkey": 30, "connection": 3}, "failed_sign_ins": 2, "requests": 1180,
            "api_requests": 16}], "next": null})),
        (String = "text/csv", example = json!("day,active_people,sign_ins_email_code,…"))
    )))
)]
pub async fn days(
    State(app): State<Arc<App>>,
    Remembered(on): Remembered,
    Params(wanted): Params<Days>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (from, to) = (day(wanted.from.as_deref())?, day(wanted.to.as_deref())?);
    let to = to.unwrap_or_else(|| Day::of(app.clock.now()));
    let from = from.unwrap_or(to.plus(-29));
    if !(0..MOST_DAYS).contains(&to.since(from)) {
        return Err(Problem::bad_request("from comes before to, 400 days at most").into());
    }
    usage::fresh(&app, &on.tenant).await;
    let items = read::days(&mut app.db.read().await?, &on.tenant, (from, to)).await?;
    if wants_csv(&headers) {
        return Ok(sheets::days(&items).answer(&format!("{}-usage.csv", on.tenant.slug)));
    }
    Ok(Json(Page { items, next: None }).into_response())
}

/// Shows what a tenant was used for, month by month (UTC), oldest first.
///
/// The numbers of a month are fixed once it is closed. Ask for `text/csv` by `Accept` to get rows for a spreadsheet.
#[utoipa::path(
    get, path = "/tenants/{slug}/usage/months", operation_id = "showUsageMonths", tag = "usage",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Months),
    responses((status = 200, description = "Months of which there is anything", content(
        (Page<UsageMonth> = "application/json", example = json!({"items": [{"month": "2026-10", "active_people": 310,
            "sign_ins": 1204, "failed_sign_ins": 31, "requests": 40210, "api_requests": 402,
            "closed_at": "2026-11-01T00:10:00.000Z"}], "next": null})),
        (String = "text/csv", example = json!("month,active_people,sign_ins,…"))
    )))
)]
pub async fn months(
    State(app): State<Arc<App>>,
    Remembered(on): Remembered,
    Params(wanted): Params<Months>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let span = span(&app, wanted.from.as_deref(), wanted.to.as_deref())?;
    usage::fresh(&app, &on.tenant).await;
    let items = read::months(&mut app.db.read().await?, &on.tenant, span).await?;
    if wants_csv(&headers) {
        return Ok(sheets::months(&items).answer(&format!("{}-usage-months.csv", on.tenant.slug)));
    }
    Ok(Json(Page { items, next: None }).into_response())
}

/// Counts a month of a tenant anew, from the days of each person.
///
/// The days of persons are there until 62 days after the month; then `counted` is null.
#[utoipa::path(
    get, path = "/tenants/{slug}/usage/recount", operation_id = "recountUsage", tag = "usage",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), OneMonth),
    responses((status = 200, description = "The numbers that are kept beside those counted anew", body = UsageRecount,
        example = json!({"month": "2026-11", "kept": 42, "counted": 42,
            "days": [{"day": "2026-11-21", "kept": 42, "counted": 42}]})))
)]
pub async fn recount(Within(on): Within, Params(wanted): Params<OneMonth>) -> Result<Json<UsageRecount>, ApiError> {
    let month = month(wanted.month.as_deref())?.unwrap_or_else(|| Month::of(on.app.clock.now()));
    Ok(Json(administer::usage::recount(&on, month).await?))
}

/// Shows what all your tenants were used for, month by month (UTC), in the order of their slugs.
///
/// Tenants that were destroyed stay in it. Ask for `text/csv` by `Accept` to get rows for a spreadsheet: all of
/// them at once, whatever `limit` and `cursor` say.
#[utoipa::path(
    get, path = "/usage", operation_id = "showUsageOfAll", tag = "usage", params(OfAll),
    responses((status = 200, description = "A page of months", content(
        (Page<MonthOfTenant> = "application/json", example = json!({"items": [{"tenant": "acme", "month": "2026-10",
            "active_people": 310, "sign_ins": 1204, "failed_sign_ins": 31, "requests": 40210, "api_requests": 402,
            "closed_at": "2026-11-01T00:10:00.000Z"}], "next": null})),
        (String = "text/csv", example = json!("tenant,month,active_people,…"))
    )))
)]
pub async fn of_organisation(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(wanted): Params<OfAll>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let span = span(&app, wanted.from.as_deref(), wanted.to.as_deref())?;
    let limit = super::input::part(None, wanted.limit)?.limit.unwrap_or(50).min(MOST);
    let after = wanted.cursor.as_deref().map(place).transpose()?;
    usage::flush(&app).await;
    if wants_csv(&headers) {
        return Ok(sheets::of_all(&app, caller.organisation_id, span));
    }
    let mut tx = app.db.read().await?;
    let mut found = read::of_organisation(&mut tx, caller.organisation_id, span, (after.as_ref(), limit + 1)).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next = found.last().filter(|_| more).and_then(Place::after).map(|place| place.to_text());
    let items = found.into_iter().map(|TenantMonth { tenant, month }| MonthOfTenant { tenant, month }).collect();
    Ok(Json(Page { items, next }).into_response())
}

fn day(text: Option<&str>) -> Result<Option<Day>, ApiError> {
    let wrong = |_| Problem::bad_request("a day is written 2026-11-21").into();
    text.map(str::parse).transpose().map_err(wrong)
}

fn month(text: Option<&str>) -> Result<Option<Month>, ApiError> {
    text.map(str::parse).transpose().map_err(|_| Problem::bad_request("a month is written 2026-11").into())
}

fn span(app: &App, from: Option<&str>, to: Option<&str>) -> Result<(Month, Month), ApiError> {
    let to = month(to)?.unwrap_or_else(|| Month::of(app.clock.now()));
    let from = month(from)?.unwrap_or(to.plus(-11));
    if !(0..MOST_MONTHS).contains(&to.since(from)) {
        return Err(Problem::bad_request("from comes before to, 36 months at most").into());
    }
    Ok((from, to))
}

fn place(cursor: &str) -> Result<Place, ApiError> {
    Place::parse(cursor).ok_or_else(|| Problem::bad_request("the cursor is not one of ours").into())
}

/// Whether rows are asked for rather than JSON.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept
        .split(',')
        .any(|kind| kind.trim().split(';').next().is_some_and(|kind| kind.eq_ignore_ascii_case("text/csv")))
}

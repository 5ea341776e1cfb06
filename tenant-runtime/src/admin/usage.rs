//! `/usage`: what the tenant was used for, and what needs attention (K12).

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_kernel::{Day, Month};
use polder_service::json::Json;
use polder_tenant_api::{UsageRecount, UsageReport};
use serde::Deserialize;

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::usage;

/// The most days of one answer.
const MOST: i64 = 400;

/// Which days are wanted.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    from: Option<String>,
    to: Option<String>,
}

/// `GET /usage?from=2026-11-01&to=2026-11-21`: those days, the newest months, and what needs attention. Thirty days
/// up to today unless given.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(wanted): input::Query<Wanted>,
) -> Result<Json<UsageReport>, ProblemError> {
    let now = app.clock.now();
    let to = day(wanted.to.as_deref())?.unwrap_or(Day::of(now));
    let from = day(wanted.from.as_deref())?.unwrap_or(to.plus(-29));
    if !(0..MOST).contains(&to.since(from)) {
        return Err(input::invalid("the days are at most 400, the first before the last"));
    }
    let mut tx = app.db.read().await?;
    let (days, months) = usage::report(&mut tx, (from, to), now).await?;
    let attention = usage::attention(&app, &mut tx).await?;
    Ok(Json(UsageReport { days, months, attention }))
}

/// `GET /usage/months/{month}/recount`: the month counted anew from the days of persons.
pub async fn recount(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(month): Path<String>,
) -> Result<Json<UsageRecount>, ProblemError> {
    let month: Month = month.parse().map_err(|_| input::not_found())?;
    Ok(Json(usage::recount(&app, month).await?))
}

fn day(text: Option<&str>) -> Result<Option<Day>, ProblemError> {
    text.map(str::parse).transpose().map_err(|_| input::invalid("a day is written 2026-11-21"))
}

//! Usage as rows for a spreadsheet.

use std::sync::Arc;

use axum::body::Body;
use axum::response::Response;
use polder_kernel::Month;
use polder_tenant_api::{UsageDay, UsageMonth};

use super::read::{self, Place, TenantMonth};
use crate::app::App;
use crate::model::OrganisationId;
use crate::sheet::{self, Sheet};

/// Rows read at once.
const PART: u32 = 1_000;

const MONTH: [&str; 7] =
    ["month", "active_people", "sign_ins", "failed_sign_ins", "requests", "api_requests", "closed_at"];

/// One row a day.
pub fn days(days: &[UsageDay]) -> Sheet {
    let mut sheet = Sheet::with(&[
        "day",
        "active_people",
        "sign_ins_email_code",
        "sign_ins_passkey",
        "sign_ins_connection",
        "failed_sign_ins",
        "requests",
        "api_requests",
    ]);
    for day in days {
        let numbers = [
            day.active_people,
            day.sign_ins.email_code,
            day.sign_ins.passkey,
            day.sign_ins.connection,
            day.failed_sign_ins,
            day.requests,
            day.api_requests,
        ];
        let numbers = numbers.map(|number| number.to_string());
        sheet.row(std::iter::once(day.day.as_str()).chain(numbers.iter().map(String::as_str)));
    }
    sheet
}

/// One row a month.
pub fn months(months: &[UsageMonth]) -> Sheet {
    let mut sheet = Sheet::with(&MONTH);
    for month in months {
        sheet.row(cells(month).iter().map(String::as_str));
    }
    sheet
}

/// One row a tenant and month: all of an organisation, a part after the other, so that memory holds one part.
pub fn of_all(app: &Arc<App>, organisation: OrganisationId, span: (Month, Month)) -> Response {
    let app = Arc::clone(app);
    let parts = futures_util::stream::try_unfold(Some(None), move |after: Option<Option<Place>>| {
        let app = Arc::clone(&app);
        async move {
            let Some(after) = after else { return Ok::<_, polder_db::Error>(None) };
            let place = (after.as_ref(), PART);
            let found = read::of_organisation(&mut app.db.read().await?, organisation, span, place).await?;
            let last = found.last().filter(|_| found.len() == PART as usize).and_then(Place::after);
            let mut sheet = Sheet::default();
            if after.is_none() {
                sheet.row(std::iter::once("tenant").chain(MONTH));
            }
            Ok(Some((with_tenants(sheet, &found).into_bytes(), last.map(Some))))
        }
    });
    sheet::download(sheet::CSV, "usage.csv", Body::from_stream(parts))
}

fn with_tenants(mut sheet: Sheet, months: &[TenantMonth]) -> Sheet {
    for TenantMonth { tenant, month } in months {
        sheet.row(std::iter::once(tenant.as_str()).chain(cells(month).iter().map(String::as_str)));
    }
    sheet
}

fn cells(month: &UsageMonth) -> [String; 7] {
    [
        month.month.clone(),
        month.active_people.to_string(),
        month.sign_ins.to_string(),
        month.failed_sign_ins.to_string(),
        month.requests.to_string(),
        month.api_requests.to_string(),
        month.closed_at.clone().unwrap_or_default(),
    ]
}

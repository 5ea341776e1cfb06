//! Usage as rows for a spreadsheet.

use polder_tenant_api::{UsageDay, UsageMonth};

use super::read::TenantMonth;
use crate::sheet::Sheet;

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

/// One row a tenant and month.
pub fn of_tenants(months: &[TenantMonth]) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.row(std::iter::once("tenant").chain(MONTH));
    with_tenants(sheet, months)
}

/// The same without the row of names: what follows a part that had it.
pub fn more_of_tenants(months: &[TenantMonth]) -> Sheet {
    with_tenants(Sheet::default(), months)
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

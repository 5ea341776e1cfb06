//! Days and months as the control plane asks for them.

use polder_db::Tx;
use polder_kernel::{Day, Month, Timestamp};
use polder_tenant_api::{UsageDay, UsageMonth};

use super::close;
use crate::error::Internal;
use crate::store::usage;

/// How many months are told.
const MONTHS: u32 = 24;

/// The days from `from` up to and including `to` of which there is anything, and the newest months, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn report(
    tx: &mut Tx,
    (from, to): (Day, Day),
    now: Timestamp,
) -> Result<(Vec<UsageDay>, Vec<UsageMonth>), Internal> {
    let mut days: Vec<UsageDay> = Vec::new();
    for (at, (what, amount)) in usage::sums(tx, from, to).await? {
        let name = Day::of(at).to_string();
        if days.last().is_none_or(|day| day.day != name) {
            days.push(UsageDay { day: name, ..UsageDay::default() });
        }
        let Some(day) = days.last_mut() else { continue };
        match what.as_str() {
            "active_people" => day.active_people = amount,
            "email_code" => day.sign_ins.email_code = amount,
            "passkey" => day.sign_ins.passkey = amount,
            "connection" => day.sign_ins.connection = amount,
            _ => day.failed_sign_ins += amount,
        }
    }
    let mut months = Vec::new();
    for stored in usage::months(tx, MONTHS).await?.into_iter().rev() {
        let month = Month::of(stored.month_at);
        let (sign_ins, failed_sign_ins) = match stored.closed_at {
            Some(_) => (stored.sign_ins, stored.failed_sign_ins),
            None => close::sign_ins(tx, month.first(), Day::of(now).min(month.plus(1).first().plus(-1))).await?,
        };
        months.push(UsageMonth {
            month: month.to_string(),
            active_people: stored.active_people,
            sign_ins,
            failed_sign_ins,
            requests: 0,
            api_requests: 0,
            closed_at: stored.closed_at.map(Timestamp::rfc3339),
        });
    }
    Ok((days, months))
}

//! The end of a month: its numbers are counted anew from the days of persons, compared with those that were kept
//! as it went on, and fixed. The same can be asked for at any time, as long as the days are there.

use std::sync::Arc;
use std::time::Duration;

use polder_db::{Db, Tx};
use polder_kernel::{Day, Month, Timestamp};
use polder_tenant_api::{RecountedDay, UsageRecount};

use crate::App;
use crate::error::Internal;
use crate::store::usage::{self, StoredMonth};

/// How long after its end a month is closed: whatever began in it is stored by then.
const AFTER: Duration = Duration::from_secs(10 * 60);
/// Persons read at once.
const PAGE: u32 = 2_000;

/// A month as the days of persons say it.
#[derive(Debug, Default)]
struct Counted {
    people: u64,
    /// By day of the month, from the first.
    days: [u64; 31],
}

/// Closes every month that is over.
///
/// # Errors
/// When the database fails; what was not closed is still due.
pub async fn close_due(app: &Arc<App>) -> Result<(), Internal> {
    loop {
        let now = app.clock.now();
        let current = Month::of(now - AFTER).begins();
        let Some(stored) = usage::open_before(&mut app.db.read().await?, current).await? else { return Ok(()) };
        close(&app.db, stored, now).await?;
    }
}

async fn close(db: &Db, stored: StoredMonth, now: Timestamp) -> Result<(), Internal> {
    let month = Month::of(stored.month_at);
    let (first, last) = (month.first(), month.plus(1).first().plus(-1));
    db.write(move |tx| {
        Box::pin(async move {
            let (sign_ins, failed_sign_ins) = sign_ins(tx, first, last).await?;
            // What is counted from the days of persons is what holds. Counted here, where nobody is erased meanwhile.
            let active_people = usage::count_persons(tx, month).await?;
            if active_people != stored.active_people {
                tracing::error!(%month, kept = stored.active_people, counted = active_people, "a month was counted wrongly");
            }
            let fixed = StoredMonth { active_people, sign_ins, failed_sign_ins, ..stored };
            usage::close(tx, &fixed, now).await?;
            Ok(())
        })
    })
    .await
}

/// Sign-ins and failures of these days.
pub(super) async fn sign_ins(tx: &mut Tx, from: Day, to: Day) -> Result<(u64, u64), Internal> {
    let (mut sign_ins, mut failed) = (0, 0);
    for (_, (what, amount)) in usage::sums(tx, from, to).await? {
        match what.as_str() {
            "active_people" => {}
            what if what.starts_with("failed_") => failed += amount,
            _ => sign_ins += amount,
        }
    }
    Ok((sign_ins, failed))
}

/// Counts a month anew, beside what is kept.
///
/// # Errors
/// When the database fails.
pub async fn recount(app: &App, month: Month) -> Result<UsageRecount, Internal> {
    let mut tx = app.db.read().await?;
    let counted = count(&mut tx, month).await?;
    let kept = usage::month(&mut tx, month).await?.map_or(0, |stored| stored.active_people);
    let sums = usage::sums(&mut tx, month.first(), month.plus(1).first().plus(-1)).await?;
    let kept_on = |day: Day| {
        let of_day = sums.iter().find(|(at, (what, _))| *at == day.begins() && what == "active_people");
        of_day.map_or(0, |(_, (_, amount))| *amount)
    };
    let gone = counted.people == 0 && kept > 0;
    let days = month.days().zip(counted.days).filter(|_| !gone).map(|(day, counted)| RecountedDay {
        day: day.to_string(),
        kept: kept_on(day),
        counted,
    });
    let days = days.filter(|day| day.kept + day.counted > 0).collect();
    Ok(UsageRecount { month: month.to_string(), kept, counted: (!gone).then_some(counted.people), days })
}

async fn count(tx: &mut Tx, month: Month) -> Result<Counted, Internal> {
    let (mut counted, mut after) = (Counted::default(), String::new());
    loop {
        let persons = usage::persons(tx, month, &after, PAGE).await?;
        for (_, days) in &persons {
            counted.people += 1;
            for (at, day) in counted.days.iter_mut().enumerate() {
                *day += u64::from((days >> at) & 1 == 1);
            }
        }
        match persons.into_iter().next_back() {
            Some((last, _)) => after = last,
            None => return Ok(counted),
        }
    }
}

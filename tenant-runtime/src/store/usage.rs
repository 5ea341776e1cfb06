//! Who was here and how often: `active_person`, `usage_day` and `usage_month` (K12).

use polder_db::{Error, Tx, args};
use polder_kernel::{Day, Month, Timestamp};

/// Sums of one day that are kept, as (what, amount).
pub type Sum = (String, u64);

/// A month as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredMonth {
    /// Which.
    pub month_at: Timestamp,
    /// People who were here.
    pub active_people: u64,
    /// Sign-ins; 0 until it is closed.
    pub sign_ins: u64,
    /// Failures; 0 until it is closed.
    pub failed_sign_ins: u64,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// What was new about somebody who is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// They were here today already.
    Nothing,
    /// They were here this month, but not today.
    Today,
    /// They were not here this month.
    ThisMonth,
}

/// Notes that somebody is here on this day of their month: one statement, which says what was new about it.
pub async fn here(tx: &mut Tx, person_index: &str, day: Day) -> Result<News, Error> {
    let bit = bit_of(day);
    let days = tx
        .optional(
            "INSERT INTO active_person (person_index, month_at, days) VALUES ($1, $2, $3) \
             ON CONFLICT (person_index) DO UPDATE SET days = active_person.days | excluded.days \
             WHERE (active_person.days & excluded.days) = 0 RETURNING days",
            &args![person_index, day.month().begins(), bit],
            |row| row.int("days"),
        )
        .await?;
    Ok(match days {
        None => News::Nothing,
        Some(days) if days == bit => News::ThisMonth,
        Some(_) => News::Today,
    })
}

/// The bit of a day in its month.
pub fn bit_of(day: Day) -> i64 {
    1 << (day.of_month() - 1)
}

/// Adds to a sum of this day.
pub async fn add(tx: &mut Tx, day: Day, what: &str, amount: i64) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO usage_day (day_at, what, amount) VALUES ($1, $2, $3) \
         ON CONFLICT (day_at, what) DO UPDATE SET amount = usage_day.amount + excluded.amount",
        &args![day.begins(), what, amount],
    )
    .await?;
    Ok(())
}

/// One person more in a month that is not closed.
pub async fn one_more(tx: &mut Tx, month: Month) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO usage_month (month_at, active_people, sign_ins, failed_sign_ins) VALUES ($1, 1, 0, 0) \
         ON CONFLICT (month_at) DO UPDATE SET active_people = usage_month.active_people + 1 \
         WHERE usage_month.closed_at IS NULL",
        &args![month.begins()],
    )
    .await?;
    Ok(())
}

/// Sums of the days from `from` up to and including `to`, oldest first.
pub async fn sums(tx: &mut Tx, from: Day, to: Day) -> Result<Vec<(Timestamp, Sum)>, Error> {
    tx.all(
        "SELECT day_at, what, amount FROM usage_day WHERE day_at >= $1 AND day_at <= $2 ORDER BY day_at, what",
        &args![from.begins(), to.begins()],
        |row| Ok((row.time("day_at")?, (row.text("what")?, count(row, "amount")?))),
    )
    .await
}

/// The newest months, newest first.
pub async fn months(tx: &mut Tx, limit: u32) -> Result<Vec<StoredMonth>, Error> {
    tx.all(
        "SELECT month_at, active_people, sign_ins, failed_sign_ins, closed_at FROM usage_month \
         ORDER BY month_at DESC LIMIT $1",
        &args![limit],
        month_from_row,
    )
    .await
}

/// One month.
pub async fn month(tx: &mut Tx, month: Month) -> Result<Option<StoredMonth>, Error> {
    tx.optional(
        "SELECT month_at, active_people, sign_ins, failed_sign_ins, closed_at FROM usage_month WHERE month_at = $1",
        &args![month.begins()],
        month_from_row,
    )
    .await
}

/// The oldest month that began before `before` and is not closed.
pub async fn open_before(tx: &mut Tx, before: Timestamp) -> Result<Option<StoredMonth>, Error> {
    tx.optional(
        "SELECT month_at, active_people, sign_ins, failed_sign_ins, closed_at FROM usage_month \
         WHERE closed_at IS NULL AND month_at < $1 ORDER BY month_at LIMIT 1",
        &args![before],
        month_from_row,
    )
    .await
}

/// Fixes the numbers of a month. `false` when somebody did already.
pub async fn close(tx: &mut Tx, month: &StoredMonth, now: Timestamp) -> Result<bool, Error> {
    let closed = tx
        .execute(
            "UPDATE usage_month SET active_people = $2, sign_ins = $3, failed_sign_ins = $4, closed_at = $5 \
             WHERE month_at = $1 AND closed_at IS NULL",
            &args![
                month.month_at,
                stored(month.active_people),
                stored(month.sign_ins),
                stored(month.failed_sign_ins),
                now
            ],
        )
        .await?;
    Ok(closed == 1)
}

/// The days of persons of a month after `after`, by key: what the numbers are counted from.
pub async fn persons(tx: &mut Tx, month: Month, after: &str, limit: u32) -> Result<Vec<(String, i64)>, Error> {
    tx.all(
        "SELECT person_index, days FROM active_person WHERE month_at = $1 AND person_index > $2 \
         ORDER BY person_index LIMIT $3",
        &args![month.begins(), after, limit],
        |row| Ok((row.text("person_index")?, row.int("days")?)),
    )
    .await
}

/// How many persons have days in a month.
pub async fn count_persons(tx: &mut Tx, month: Month) -> Result<u64, Error> {
    const SQL: &str = "SELECT COUNT(*) AS n FROM active_person WHERE month_at = $1";
    Ok(tx.optional(SQL, &args![month.begins()], |row| count(row, "n")).await?.unwrap_or(0))
}

/// Gives the days of somebody another name, which leads nowhere.
pub async fn forget(tx: &mut Tx, person_index: &str, chance: &str) -> Result<(), Error> {
    tx.execute("UPDATE active_person SET person_index = $2 WHERE person_index = $1", &args![person_index, chance])
        .await?;
    Ok(())
}

/// Messages that were given up, and applications that could not be told of an end, since `since`.
pub async fn undelivered(tx: &mut Tx, since: Timestamp) -> Result<(u64, u64), Error> {
    const MAIL: &str = "SELECT COUNT(*) AS n FROM (SELECT id FROM outbox WHERE failed_at >= $1 LIMIT 1000) AS found";
    const LOGOUTS: &str = "SELECT COUNT(*) AS n FROM (SELECT id FROM logout_delivery WHERE failed_at >= $1 \
                           AND delivered_at IS NULL LIMIT 1000) AS found";
    let mail = tx.optional(MAIL, &args![since], |row| count(row, "n")).await?;
    let logouts = tx.optional(LOGOUTS, &args![since], |row| count(row, "n")).await?;
    Ok((mail.unwrap_or(0), logouts.unwrap_or(0)))
}

/// Lockouts that are not over.
pub async fn lockouts(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    const SQL: &str = "SELECT COUNT(*) AS n FROM (SELECT id FROM lockout WHERE ends_at > $1 LIMIT 1000) AS found";
    Ok(tx.optional(SQL, &args![now], |row| count(row, "n")).await?.unwrap_or(0))
}

fn month_from_row(row: &polder_db::Row) -> Result<StoredMonth, Error> {
    Ok(StoredMonth {
        month_at: row.time("month_at")?,
        active_people: count(row, "active_people")?,
        sign_ins: count(row, "sign_ins")?,
        failed_sign_ins: count(row, "failed_sign_ins")?,
        closed_at: row.opt_time("closed_at")?,
    })
}

fn count(row: &polder_db::Row, column: &'static str) -> Result<u64, Error> {
    Ok(u64::try_from(row.int(column)?).unwrap_or(0))
}

fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

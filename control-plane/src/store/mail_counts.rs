//! How many messages were sent in the current hour and day, or may have been.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// The count of one who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The hour, since 1970.
    pub hour: i64,
    /// Messages in it.
    pub in_hour: i64,
    /// The day, since 1970.
    pub day: i64,
    /// Messages in it.
    pub in_day: i64,
}

/// The count of `party`.
pub async fn of(tx: &mut Tx, party: &str) -> Result<Option<Row>, Error> {
    tx.optional("SELECT hour, in_hour, day, in_day FROM mail_count WHERE party = $1", &args![party], read).await
}

fn read(row: &polder_db::Row) -> Result<Row, Error> {
    Ok(Row { hour: row.int("hour")?, in_hour: row.int("in_hour")?, day: row.int("day")?, in_day: row.int("in_day")? })
}

/// Writes down the count of `party`, and gives back what counts from now on: the later hour and day, and of
/// the same one the higher number. Who counted in memory for a while may know less than what is stored.
pub async fn put(tx: &mut Tx, party: &str, row: Row, now: Timestamp) -> Result<Row, Error> {
    let stored = tx
        .optional(
            "INSERT INTO mail_count (party, hour, in_hour, day, in_day, counted_at) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (party) DO UPDATE SET \
             in_hour = CASE WHEN mail_count.hour > excluded.hour \
             OR (mail_count.hour = excluded.hour AND mail_count.in_hour > excluded.in_hour) \
             THEN mail_count.in_hour ELSE excluded.in_hour END, \
             hour = CASE WHEN mail_count.hour > excluded.hour THEN mail_count.hour ELSE excluded.hour END, \
             in_day = CASE WHEN mail_count.day > excluded.day \
             OR (mail_count.day = excluded.day AND mail_count.in_day > excluded.in_day) \
             THEN mail_count.in_day ELSE excluded.in_day END, \
             day = CASE WHEN mail_count.day > excluded.day THEN mail_count.day ELSE excluded.day END, \
             counted_at = excluded.counted_at \
             RETURNING hour, in_hour, day, in_day",
            &args![party, row.hour, row.in_hour, row.day, row.in_day, now],
            read,
        )
        .await?;
    Ok(stored.unwrap_or(row))
}

/// Forgets the count of `party`.
pub async fn remove(tx: &mut Tx, party: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM mail_count WHERE party = $1", &args![party]).await?;
    Ok(())
}

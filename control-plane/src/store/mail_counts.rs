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
    tx.optional("SELECT hour, in_hour, day, in_day FROM mail_count WHERE party = $1", &args![party], |row| {
        Ok(Row {
            hour: row.int("hour")?,
            in_hour: row.int("in_hour")?,
            day: row.int("day")?,
            in_day: row.int("in_day")?,
        })
    })
    .await
}

/// Replaces the count of `party`.
pub async fn put(tx: &mut Tx, party: &str, row: Row, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO mail_count (party, hour, in_hour, day, in_day, counted_at) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (party) DO UPDATE SET hour = excluded.hour, in_hour = excluded.in_hour, day = excluded.day, \
         in_day = excluded.in_day, counted_at = excluded.counted_at",
        &args![party, row.hour, row.in_hour, row.day, row.in_day, now],
    )
    .await?;
    Ok(())
}

/// Forgets the count of `party`.
pub async fn remove(tx: &mut Tx, party: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM mail_count WHERE party = $1", &args![party]).await?;
    Ok(())
}

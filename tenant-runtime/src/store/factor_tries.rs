//! Wrong tries in a row, per person and factor: `factor_tries`. A restart resets nothing (D20).

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;

/// When further tries may come, by how many failed in a row.
#[derive(Clone, Copy, Debug)]
pub struct Waits {
    /// From the fifth on.
    pub after_five: Timestamp,
    /// From the tenth on.
    pub after_ten: Timestamp,
    /// From the twentieth on.
    pub after_twenty: Timestamp,
}

/// Counts a try before anything is compared, so that parallel guesses cannot share one, and gives how
/// many there are in a row. `None` when it comes too soon.
pub async fn spend(
    tx: &mut Tx,
    user: UserId,
    factor: &str,
    waits: Waits,
    now: Timestamp,
) -> Result<Option<i64>, Error> {
    tx.optional(
        "INSERT INTO factor_tries (user_factor, user_id, failures, next_at, updated_at) VALUES ($1, $2, 1, $3, $3) \
         ON CONFLICT (user_factor) DO UPDATE SET failures = factor_tries.failures + 1, updated_at = $3, \
         next_at = CASE WHEN factor_tries.failures + 1 >= 20 THEN $6 WHEN factor_tries.failures + 1 >= 10 THEN $5 \
         WHEN factor_tries.failures + 1 >= 5 THEN $4 ELSE $3 END WHERE factor_tries.next_at <= $3 RETURNING failures",
        &args![key(user, factor), user, now, waits.after_five, waits.after_ten, waits.after_twenty],
        |row| row.int("failures"),
    )
    .await
}

/// When the next try may come.
pub async fn next_at(tx: &mut Tx, user: UserId, factor: &str) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT next_at FROM factor_tries WHERE user_factor = $1";
    tx.optional(sql, &args![key(user, factor)], |row| row.time("next_at")).await
}

/// Forgets the tries that a counter holds: an administrator says so.
pub async fn forget(tx: &mut Tx, counter: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM factor_tries WHERE user_factor = $1", &args![counter]).await?;
    Ok(())
}

/// Forgets the tries: the last one was right.
pub async fn clear(tx: &mut Tx, user: UserId, factor: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM factor_tries WHERE user_factor = $1", &args![key(user, factor)]).await?;
    Ok(())
}

/// What the counter of somebody's factor is called.
pub fn key(user: UserId, factor: &str) -> String {
    format!("{user}:{factor}")
}

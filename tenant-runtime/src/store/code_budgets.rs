//! Durable counters that protect codes: `code_budget` (D05, D06, D20). A restart resets nothing.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

/// What a counter is kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An address, whole or as seen from one network.
    Address,
    /// A network: one IPv4 address or an IPv6 /64.
    Network,
    /// The tenant as a whole.
    Tenant,
}

impl Kind {
    /// As the column holds it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Network => "network",
            Self::Tenant => "tenant",
        }
    }
}

/// Counts a code sent, unless `cap` were sent since `window_start`. One statement: parallel
/// requests cannot share the last place. `false` when the cap is reached.
pub async fn take(
    tx: &mut Tx,
    key_index: &str,
    kind: Kind,
    cap: i64,
    (window_start, now): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO code_budget (key_index, kind, window_started_at, sent, failures, updated_at) \
             VALUES ($1, $2, $4, 1, 0, $4) ON CONFLICT (key_index) DO UPDATE SET \
             sent = CASE WHEN code_budget.window_started_at <= $3 THEN 1 ELSE code_budget.sent + 1 END, \
             window_started_at = CASE WHEN code_budget.window_started_at <= $3 THEN $4 \
             ELSE code_budget.window_started_at END, updated_at = $4 \
             WHERE code_budget.window_started_at <= $3 OR code_budget.sent < $5",
            &args![key_index, kind.as_str(), window_start, now, cap],
        )
        .await?;
    Ok(rows == 1)
}

/// When the window of a counter began.
pub async fn window(tx: &mut Tx, key_index: &str) -> Result<Option<Timestamp>, Error> {
    tx.optional("SELECT window_started_at FROM code_budget WHERE key_index = $1", &args![key_index], |row| {
        row.time("window_started_at")
    })
    .await
}

/// What a counter says.
#[derive(Debug)]
pub struct Counter {
    /// Its keyed name.
    pub key_index: String,
    /// When its window began.
    pub window_started_at: Timestamp,
    /// Codes sent in that window and not given back.
    pub sent: i64,
    /// Wrong codes since the last success.
    pub failures: i64,
}

/// The counters with these names, those that there are.
pub async fn counters(tx: &mut Tx, [a, b, c, d]: [&str; 4]) -> Result<Vec<Counter>, Error> {
    let sql =
        "SELECT key_index, window_started_at, sent, failures FROM code_budget WHERE key_index IN ($1, $2, $3, $4)";
    tx.all(sql, &args![a, b, c, d], |row| {
        Ok(Counter {
            key_index: row.text("key_index")?,
            window_started_at: row.time("window_started_at")?,
            sent: row.int("sent")?,
            failures: row.int("failures")?,
        })
    })
    .await
}

/// Counts a wrong code for an address, and gives how many there are in a row.
pub async fn fail(tx: &mut Tx, key_index: &str, now: Timestamp) -> Result<i64, Error> {
    let failures = tx
        .optional(
            "INSERT INTO code_budget (key_index, kind, window_started_at, sent, failures, updated_at) \
             VALUES ($1, 'address', $2, 0, 1, $2) \
             ON CONFLICT (key_index) DO UPDATE SET failures = code_budget.failures + 1, updated_at = $2 \
             RETURNING failures",
            &args![key_index, now],
            |row| row.int("failures"),
        )
        .await?;
    Ok(failures.unwrap_or(0))
}

/// Forgets what was counted for a key: its person has proved themselves.
pub async fn clear(tx: &mut Tx, key_index: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM code_budget WHERE key_index = $1", &args![key_index]).await?;
    Ok(())
}

/// Gives one code back to a shared counter: a sign-in that succeeded was no abuse.
pub async fn give_back(tx: &mut Tx, key_index: &str) -> Result<(), Error> {
    tx.execute("UPDATE code_budget SET sent = sent - 1 WHERE key_index = $1 AND sent > 0", &args![key_index]).await?;
    Ok(())
}

/// Removes counters at rest: those without failures once their window is over, and the rest after
/// 30 days (R3). At most `limit` at a time.
pub async fn sweep(tx: &mut Tx, window_start: Timestamp, failures_before: Timestamp, limit: i64) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM code_budget WHERE key_index IN (SELECT key_index FROM code_budget \
         WHERE (failures = 0 AND updated_at < $1 AND window_started_at < $1) OR updated_at < $2 \
         ORDER BY updated_at LIMIT $3)",
        &args![window_start, failures_before, limit],
    )
    .await
}

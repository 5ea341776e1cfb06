//! The log of sign-in attempts: `sign_in_attempt` (R3).

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::AttemptOutcome;

/// An attempt to count.
#[derive(Debug)]
pub struct NewAttempt {
    /// Keyed hash over everything that makes it one row.
    pub key: String,
    /// Keyed hash of the address, where one was tried.
    pub address_index: Option<String>,
    /// Keyed hash of the network.
    pub network_index: String,
    /// What came of it.
    pub outcome: &'static str,
    /// Where and with what, sealed; kept of the first.
    pub details_sealed: String,
}

/// Attempts of one kind, as stored.
#[derive(Debug)]
pub struct StoredAttempt {
    /// Names the row.
    pub key: String,
    /// What came of them.
    pub outcome: AttemptOutcome,
    /// How many.
    pub count: i64,
    /// Where and with what the first was made, sealed.
    pub details_sealed: String,
    /// When the first was.
    pub first_at: Timestamp,
    /// When the last was.
    pub last_at: Timestamp,
}

/// Counts an attempt.
pub async fn count(tx: &mut Tx, attempt: &NewAttempt, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO sign_in_attempt (attempt_key, address_index, network_index, outcome, attempts, details_sealed, \
         first_at, last_at) VALUES ($1, $2, $3, $4, 1, $5, $6, $6) \
         ON CONFLICT (attempt_key) DO UPDATE SET attempts = sign_in_attempt.attempts + 1, last_at = $6",
        &args![
            attempt.key.as_str(),
            attempt.address_index.as_deref(),
            attempt.network_index.as_str(),
            attempt.outcome,
            attempt.details_sealed.as_str(),
            now
        ],
    )
    .await?;
    Ok(())
}

/// Those for an address, newest first.
pub async fn of_address(tx: &mut Tx, address_index: &str, limit: i64) -> Result<Vec<StoredAttempt>, Error> {
    tx.all(
        "SELECT attempt_key, outcome, attempts, details_sealed, first_at, last_at FROM sign_in_attempt \
         WHERE address_index = $1 ORDER BY last_at DESC, attempt_key LIMIT $2",
        &args![address_index, limit],
        |row| {
            Ok(StoredAttempt {
                key: row.text("attempt_key")?,
                outcome: row.parse("outcome")?,
                count: row.int("attempts")?,
                details_sealed: row.text("details_sealed")?,
                first_at: row.time("first_at")?,
                last_at: row.time("last_at")?,
            })
        },
    )
    .await
}

/// Removes those for an address.
pub async fn forget_address(tx: &mut Tx, address_index: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM sign_in_attempt WHERE address_index = $1", &args![address_index]).await?;
    Ok(())
}

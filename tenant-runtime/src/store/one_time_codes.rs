//! Codes sent by e-mail: `one_time_code`, one row per browser flow (D06, D08).

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

/// Wrong and right tries together that a code allows (D04).
pub const MAX_TRIES: i64 = 5;

/// A code to be waited for. Asking again in the same flow replaces it.
#[derive(Debug)]
pub struct NewCode<'a> {
    /// Keyed hash of the flow: only the browser that asked holds the flow.
    pub flow_hash: &'a str,
    /// Keyed hash of the address.
    pub address_index: &'a str,
    /// The address, sealed.
    pub address_sealed: &'a str,
    /// Keyed hash over flow and code.
    pub code_hash: &'a str,
    /// Tries already spent: a throttled address starts with fewer left (D05).
    pub tries: i64,
    /// How many codes this flow asked for at this address, this one included.
    pub sends: i64,
    /// When it may ask again.
    pub resend_after: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

/// A code as stored.
#[derive(Clone, Debug)]
pub struct StoredCode {
    /// Keyed hash of the address.
    pub address_index: String,
    /// The address, sealed.
    pub address_sealed: String,
    /// Keyed hash over flow and code.
    pub code_hash: String,
    /// How many codes this flow asked for at this address.
    pub sends: i64,
    /// When it may ask again.
    pub resend_after: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was typed in rightly.
    pub used_at: Option<Timestamp>,
}

/// Puts a code in the place of the flow's earlier one. `false` when the flow's code was used: a
/// flow makes one session and no other.
pub async fn put(tx: &mut Tx, code: &NewCode<'_>) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "INSERT INTO one_time_code (flow_hash, purpose, address_index, address_sealed, code_hash, tries, sends, \
             resend_after, created_at, expires_at) VALUES ($1, 'sign_in', $2, $3, $4, $5, $6, $7, $8, $9) \
             ON CONFLICT (flow_hash) DO UPDATE SET address_index = $2, address_sealed = $3, code_hash = $4, \
             tries = $5, sends = $6, resend_after = $7, created_at = $8, expires_at = $9 \
             WHERE one_time_code.used_at IS NULL",
            &args![
                code.flow_hash,
                code.address_index,
                code.address_sealed,
                code.code_hash,
                code.tries,
                code.sends,
                code.resend_after,
                code.created_at,
                code.expires_at
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The code of a flow, whatever became of it.
pub async fn of_flow(tx: &mut Tx, flow_hash: &str) -> Result<Option<StoredCode>, Error> {
    tx.optional(
        "SELECT address_index, address_sealed, code_hash, sends, resend_after, expires_at, used_at \
         FROM one_time_code WHERE flow_hash = $1",
        &args![flow_hash],
        stored,
    )
    .await
}

/// Spends one try and gives the code to compare with and the tries spent, this one included. Counted
/// before it is compared, in one statement, so that parallel guesses cannot share a try (D04).
pub async fn spend_try(tx: &mut Tx, flow_hash: &str, now: Timestamp) -> Result<Option<(StoredCode, i64)>, Error> {
    tx.optional(
        "UPDATE one_time_code SET tries = tries + 1 WHERE flow_hash = $1 AND used_at IS NULL AND tries < $2 \
         AND expires_at > $3 RETURNING address_index, address_sealed, code_hash, sends, resend_after, expires_at, \
         used_at, tries",
        &args![flow_hash, MAX_TRIES, now],
        |row| Ok((stored(row)?, row.int("tries")?)),
    )
    .await
}

/// Uses the code up. `false` when somebody else just did (D03).
pub async fn consume(tx: &mut Tx, flow_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE one_time_code SET used_at = $2 WHERE flow_hash = $1 AND used_at IS NULL AND expires_at > $2",
            &args![flow_hash, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Removes every code sent to an address: its person is being erased.
pub async fn forget_address(tx: &mut Tx, address_index: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM one_time_code WHERE address_index = $1", &args![address_index]).await?;
    Ok(())
}

/// Removes codes that ended before `before`; at most `limit` at a time, so that no sweep holds the
/// writer for long. Gives how many went.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM one_time_code WHERE flow_hash IN (SELECT flow_hash FROM one_time_code WHERE expires_at < $1 \
         ORDER BY expires_at LIMIT $2)",
        &args![before, limit],
    )
    .await
}

fn stored(row: &Row) -> Result<StoredCode, Error> {
    Ok(StoredCode {
        address_index: row.text("address_index")?,
        address_sealed: row.text("address_sealed")?,
        code_hash: row.text("code_hash")?,
        sends: row.int("sends")?,
        resend_after: row.time("resend_after")?,
        expires_at: row.time("expires_at")?,
        used_at: row.opt_time("used_at")?,
    })
}

//! Accounts at outside providers that wait, in a flow, to be connected: `unconnected_account`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::connections::ConnectionId;

use crate::connections::identity::Vouched;
use crate::error::Internal;

/// How many may wait at once: whoever can make accounts at a provider cannot fill the database.
const CAP: i64 = 10_000;

/// An account that waits.
#[derive(Clone, Debug)]
pub struct Unconnected {
    /// The connection it came through.
    pub connection_id: ConnectionId,
    /// The keyed hash it is recognised by.
    pub subject_index: String,
    /// When it came.
    pub created_at: Timestamp,
    vouched_sealed: String,
}

impl Unconnected {
    /// Who the provider says it is.
    ///
    /// # Errors
    /// When the seal does not open.
    pub fn vouched(&self, keyring: &Keyring, flow_hash: &str) -> Result<Vouched, Internal> {
        let json = keyring.unseal_text(Category::ProviderTokens, &context(flow_hash), &self.vouched_sealed)?;
        Ok(serde_json::from_str(&json)?)
    }
}

/// Lets an account wait in a flow, in place of the one before. False when too many wait.
///
/// # Errors
/// When the database fails.
pub async fn put(
    tx: &mut Tx,
    keyring: &Keyring,
    flow_hash: &str,
    (connection, subject_index, vouched): (ConnectionId, &str, &Vouched),
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<bool, Internal> {
    let json = serde_json::to_string(vouched)?;
    let sealed = keyring.seal_text(Category::ProviderTokens, &context(flow_hash), &json);
    let sql = "INSERT INTO unconnected_account (flow_hash, connection_id, subject_index, vouched_sealed, created_at, \
               expires_at) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($4 AS TEXT), \
               CAST($5 AS BIGINT), CAST($6 AS BIGINT) \
               WHERE (SELECT COUNT(*) FROM unconnected_account) < CAST($7 AS BIGINT) \
               ON CONFLICT (flow_hash) DO UPDATE SET connection_id = EXCLUDED.connection_id, \
               subject_index = EXCLUDED.subject_index, vouched_sealed = EXCLUDED.vouched_sealed, \
               created_at = EXCLUDED.created_at, expires_at = EXCLUDED.expires_at";
    let args = args![flow_hash, connection, subject_index, sealed, now, expires_at, CAP];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// The account that waits in a flow.
///
/// # Errors
/// When the database fails.
pub async fn of_flow(tx: &mut Tx, flow_hash: &str, now: Timestamp) -> Result<Option<Unconnected>, Error> {
    let sql = "SELECT connection_id, subject_index, vouched_sealed, created_at FROM unconnected_account \
               WHERE flow_hash = $1 AND expires_at > $2";
    tx.optional(sql, &args![flow_hash, now], unconnected).await
}

/// Takes the account that waits, so that it is connected once: the one that was shown, not one that came
/// in its place meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn take(
    tx: &mut Tx,
    flow_hash: &str,
    subject_index: &str,
    now: Timestamp,
) -> Result<Option<Unconnected>, Error> {
    let sql = "DELETE FROM unconnected_account WHERE flow_hash = $1 AND subject_index = $2 AND expires_at > $3 \
               RETURNING connection_id, subject_index, vouched_sealed, created_at";
    tx.optional(sql, &args![flow_hash, subject_index, now], unconnected).await
}

/// Forgets the account that waits in a flow.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, flow_hash: &str) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM unconnected_account WHERE flow_hash = $1", &args![flow_hash]).await? == 1)
}

/// Removes those that ran out.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<u64, Error> {
    let sql = "DELETE FROM unconnected_account WHERE flow_hash IN (SELECT flow_hash FROM unconnected_account \
               WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    tx.execute(sql, &args![now, limit]).await
}

fn unconnected(row: &Row) -> Result<Unconnected, Error> {
    Ok(Unconnected {
        connection_id: row.id("connection_id")?,
        subject_index: row.text("subject_index")?,
        created_at: row.time("created_at")?,
        vouched_sealed: row.text("vouched_sealed")?,
    })
}

fn context(flow_hash: &str) -> String {
    format!("unconnected_account.vouched_sealed:{flow_hash}")
}

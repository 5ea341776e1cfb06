//! Answers to writes that carried `Idempotency-Key`, so that a repeat gets the same one.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::model::ApiKeyId;

/// What is known of a write that came before.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// Keyed hash of that request.
    pub request_hash: String,
    /// The sealed answer; `None` while the write is under way.
    pub response_sealed: Option<String>,
}

/// Takes a key for a write that begins. `false` when one before it took the key and that is not over
/// and forgotten. The claim ends by itself at `until`, should the write never end.
pub async fn claim(
    tx: &mut Tx,
    (key_hash, request_hash): (&str, &str),
    api_key: ApiKeyId,
    (now, until): (Timestamp, Timestamp),
) -> Result<bool, Error> {
    let claimed = tx
        .execute(
            "INSERT INTO idempotency_key (key_hash, api_key_id, request_hash, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (key_hash) DO UPDATE
             SET request_hash = excluded.request_hash, status = NULL, response_sealed = NULL,
                 created_at = excluded.created_at, expires_at = excluded.expires_at
             WHERE idempotency_key.expires_at <= excluded.created_at",
            &args![key_hash, api_key, request_hash, now, until],
        )
        .await?;
    Ok(claimed == 1)
}

/// The write that has the key.
pub async fn earlier(tx: &mut Tx, key_hash: &str) -> Result<Option<Earlier>, Error> {
    tx.optional(
        "SELECT request_hash, response_sealed FROM idempotency_key WHERE key_hash = $1",
        &args![key_hash],
        |row| {
            Ok(Earlier { request_hash: row.text("request_hash")?, response_sealed: row.opt_text("response_sealed")? })
        },
    )
    .await
}

/// Keeps the answer of a write that went well.
pub async fn keep(tx: &mut Tx, key_hash: &str, (status, sealed): (u16, &str), until: Timestamp) -> Result<(), Error> {
    tx.execute(
        "UPDATE idempotency_key SET status = $2, response_sealed = $3, expires_at = $4 WHERE key_hash = $1",
        &args![key_hash, i64::from(status), sealed, until],
    )
    .await?;
    Ok(())
}

/// Forgets a write that did not go well, so that it can be tried again.
pub async fn release(tx: &mut Tx, key_hash: &str) -> Result<(), Error> {
    tx.execute("DELETE FROM idempotency_key WHERE key_hash = $1 AND status IS NULL", &args![key_hash]).await?;
    Ok(())
}

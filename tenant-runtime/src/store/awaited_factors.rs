//! Sign-ins that wait for their second factor: `awaited_factor`, one row per browser flow.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;

use crate::error::Internal;
use crate::model::Method;

/// A sign-in that waits.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Who proved their first factor.
    pub user_id: UserId,
    /// How.
    pub methods: Vec<Method>,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// When the second was proved.
    pub used_at: Option<Timestamp>,
}

/// Makes a flow wait for its second factor. `false` when it has one already: a flow makes one session.
pub async fn put(tx: &mut Tx, flow_hash: &str, awaited: &Awaited, now: Timestamp) -> Result<bool, Internal> {
    let methods = serde_json::to_string(&awaited.methods)?;
    let rows = tx
        .execute(
            "INSERT INTO awaited_factor (flow_hash, user_id, methods, created_at, expires_at) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (flow_hash) DO NOTHING",
            &args![flow_hash, awaited.user_id, methods, now, awaited.expires_at],
        )
        .await?;
    Ok(rows == 1)
}

/// What a flow waits for, whatever became of it.
pub async fn of_flow(tx: &mut Tx, flow_hash: &str) -> Result<Option<Awaited>, Error> {
    tx.optional(
        "SELECT user_id, methods, expires_at, used_at FROM awaited_factor WHERE flow_hash = $1",
        &args![flow_hash],
        |row| {
            Ok(Awaited {
                user_id: row.id("user_id")?,
                methods: row.json("methods")?,
                expires_at: row.time("expires_at")?,
                used_at: row.opt_time("used_at")?,
            })
        },
    )
    .await
}

/// Uses the flow up. `false` when somebody else just did, or it waited too long.
pub async fn consume(tx: &mut Tx, flow_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE awaited_factor SET used_at = $2 WHERE flow_hash = $1 AND used_at IS NULL AND expires_at > $2";
    Ok(tx.execute(sql, &args![flow_hash, now]).await? == 1)
}

//! Sign-ins that wait for their second factor, or for room for one more session: `awaited_factor`, one row per
//! browser flow.

use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;

use crate::error::Internal;
use crate::model::Method;

/// A sign-in that waits.
#[derive(Clone, Debug)]
pub struct Awaited {
    /// Who proved themselves.
    pub user_id: UserId,
    /// How, so far.
    pub methods: Vec<Method>,
    /// What for.
    pub waits_for: WaitsFor,
    /// Until when it waits.
    pub expires_at: Timestamp,
    /// When what it waited for came.
    pub used_at: Option<Timestamp>,
}

/// What a sign-in waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// The second factor.
    Factor,
    /// One of the person's sessions has to end: they have as many as they may.
    Room,
}

impl Awaited {
    /// Whether it still waits for this.
    pub fn waits(&self, waits_for: WaitsFor, now: Timestamp) -> bool {
        self.waits_for == waits_for && self.used_at.is_none() && now < self.expires_at
    }
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

/// Makes a flow, whose person is all proved, wait for room.
pub async fn put_for_room(tx: &mut Tx, flow_hash: &str, awaited: &Awaited, now: Timestamp) -> Result<(), Internal> {
    let methods = serde_json::to_string(&awaited.methods)?;
    tx.execute(
        "INSERT INTO awaited_factor (flow_hash, user_id, methods, waits_for, created_at, expires_at) \
         VALUES ($1, $2, $3, 'room', $4, $5) ON CONFLICT (flow_hash) DO UPDATE SET user_id = excluded.user_id, \
         methods = excluded.methods, waits_for = 'room', expires_at = excluded.expires_at, used_at = NULL",
        &args![flow_hash, awaited.user_id, methods, now, awaited.expires_at],
    )
    .await?;
    Ok(())
}

/// What a flow waits for, whatever became of it.
pub async fn of_flow(tx: &mut Tx, flow_hash: &str) -> Result<Option<Awaited>, Error> {
    tx.optional(
        "SELECT user_id, methods, waits_for, expires_at, used_at FROM awaited_factor WHERE flow_hash = $1",
        &args![flow_hash],
        |row| {
            Ok(Awaited {
                user_id: row.id("user_id")?,
                methods: row.json("methods")?,
                waits_for: if row.text("waits_for")? == "room" { WaitsFor::Room } else { WaitsFor::Factor },
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

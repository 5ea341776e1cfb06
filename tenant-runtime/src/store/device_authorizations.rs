//! Programs that ask to be let in from another device: `device_authorization` (RFC 8628).

use std::time::Duration;

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_protocol::Scope;
use polder_protocol::device::State;
use polder_tenant_api::{ApplicationId, UserId};

use crate::model::{Approved, Grant};

/// The most that wait at once: strangers can cause them, and each is gone in ten minutes.
const MOST: i64 = 10_000;

/// A request to store.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Keyed hash of what the program asks with.
    pub device_hash: String,
    /// Keyed hash of what the person types.
    pub user_code_hash: String,
    /// Who asks.
    pub application_id: ApplicationId,
    /// For what.
    pub scope: Scope,
    /// When.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Timestamp,
    /// How long it waits between two questions.
    pub interval: Duration,
}

/// A request that waits for a person's word.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// Who asks.
    pub application_id: ApplicationId,
    /// For what.
    pub scope: Scope,
}

/// A request as the program finds it.
#[derive(Clone, Debug)]
pub struct Device {
    /// Who asked.
    pub application_id: ApplicationId,
    /// How far it has come.
    pub state: State,
    /// What a person said yes to.
    pub approved: Option<Approved>,
}

/// Stores one. `false` when too many wait, or one with such a code does.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, new: &NewDevice) -> Result<bool, Error> {
    let interval = i64::try_from(new.interval.as_secs()).unwrap_or(i64::MAX);
    let added = tx
        .execute(
            "INSERT INTO device_authorization (device_hash, user_code_hash, application_id, scope, created_at, \
             expires_at, interval_seconds) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), a.id, CAST($4 AS TEXT), \
             CAST($5 AS BIGINT), CAST($6 AS BIGINT), CAST($7 AS BIGINT) FROM application a WHERE a.id = $3 \
             AND (SELECT COUNT(*) FROM device_authorization WHERE expires_at > $5) < CAST($8 AS BIGINT) \
             ON CONFLICT DO NOTHING",
            &args![
                new.device_hash.as_str(),
                new.user_code_hash.as_str(),
                new.application_id,
                new.scope.to_string(),
                new.created_at,
                new.expires_at,
                interval,
                MOST
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The request that waits under this user code.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn waiting(tx: &mut Tx, user_code_hash: &str, now: Timestamp) -> Result<Option<Waiting>, Error> {
    tx.optional(
        "SELECT application_id, scope FROM device_authorization WHERE user_code_hash = $1 AND expires_at > $2 \
         AND approved_at IS NULL AND denied_at IS NULL",
        &args![user_code_hash, now],
        |row| Ok(Waiting { application_id: row.id("application_id")?, scope: row.parse("scope")? }),
    )
    .await
}

/// Notes that a person said yes, and that their session reached the application, in one call. `false` when nothing
/// waits any more, or the session has ended.
///
/// # Errors
/// When the database fails.
pub async fn approve(
    tx: &mut Tx,
    user_code_hash: &str,
    approved: &Approved,
    bound: &str,
    now: Timestamp,
) -> Result<bool, Error> {
    let sql = &[
        "UPDATE device_authorization SET approved_at = $2, user_id = $3, session_id = $4, grant_id = $5, bound = $6 \
         WHERE user_code_hash = $1 AND expires_at > $2 AND approved_at IS NULL AND denied_at IS NULL \
         AND EXISTS (SELECT 1 FROM session s JOIN user_account u ON u.id = s.user_id WHERE s.id = $4 AND u.id = $3 \
         AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.erased_at IS NULL)",
        "INSERT INTO session_application (session_id, application_id, sid, first_at) \
         SELECT d.session_id, d.application_id, CAST($7 AS TEXT), CAST($2 AS BIGINT) FROM device_authorization d \
         WHERE d.user_code_hash = $1 AND d.grant_id = $5 AND d.approved_at = $2 \
         ON CONFLICT (session_id, application_id) DO NOTHING",
    ];
    let Approved { grant_id, user_id, session_id, bound: facts, .. } = approved;
    let args = args![user_code_hash, now, *user_id, *session_id, *grant_id, bound, facts.sid.as_str()];
    Ok(tx.batch(sql, &args).await?.first() == Some(&1))
}

/// Notes that a person said no. `false` when nothing waits any more.
///
/// # Errors
/// When the database fails.
pub async fn deny(tx: &mut Tx, user_code_hash: &str, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE device_authorization SET denied_at = $2, user_id = $3 WHERE user_code_hash = $1 \
               AND expires_at > $2 AND approved_at IS NULL AND denied_at IS NULL";
    Ok(tx.execute(sql, &args![user_code_hash, now, user]).await? == 1)
}

/// The request of a device code.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn find(tx: &mut Tx, device_hash: &str) -> Result<Option<Device>, Error> {
    let sql = "SELECT application_id, scope, expires_at, interval_seconds, polled_at, user_id, session_id, grant_id, \
               bound, approved_at, denied_at, redeemed_at FROM device_authorization WHERE device_hash = $1";
    tx.optional(sql, &args![device_hash], device).await
}

fn device(row: &Row) -> Result<Device, Error> {
    let approved = match row.opt_time("approved_at")? {
        None => None,
        Some(_) => Some(Approved {
            grant_id: row.id("grant_id")?,
            user_id: row.id("user_id")?,
            session_id: row.id("session_id")?,
            scope: row.parse("scope")?,
            bound: row.json("bound")?,
        }),
    };
    let state = State {
        expires_at: row.time("expires_at")?,
        polled_at: row.opt_time("polled_at")?,
        interval: Duration::from_secs(u64::try_from(row.int("interval_seconds")?).unwrap_or(0)),
        denied: row.opt_time("denied_at")?.is_some(),
        approved: approved.is_some(),
        redeemed: row.opt_time("redeemed_at")?.is_some(),
    };
    Ok(Device { application_id: row.id("application_id")?, state, approved })
}

/// Notes that the program asked, and how long it waits from now on.
///
/// # Errors
/// When the database fails.
pub async fn polled(tx: &mut Tx, device_hash: &str, now: Timestamp, slower: Duration) -> Result<(), Error> {
    let slower = i64::try_from(slower.as_secs()).unwrap_or(0);
    let sql = "UPDATE device_authorization SET polled_at = $2, interval_seconds = interval_seconds + CAST($3 AS BIGINT) \
               WHERE device_hash = $1 AND redeemed_at IS NULL";
    tx.execute(sql, &args![device_hash, now, slower]).await?;
    Ok(())
}

/// Uses the device code and stores its grant, in one call: consume, then mint. `false` when somebody was first, or
/// the session or the person ended.
///
/// # Errors
/// When the database fails.
pub async fn redeem(tx: &mut Tx, device_hash: &str, grant: &Grant, ends_at: Timestamp) -> Result<bool, Error> {
    let sql = &[
        "UPDATE device_authorization SET redeemed_at = $2 WHERE device_hash = $1 AND redeemed_at IS NULL \
         AND approved_at IS NOT NULL AND denied_at IS NULL AND expires_at > $2",
        "INSERT INTO oauth_grant (id, application_id, user_id, session_id, sid, scope, acr, amr, authenticated_at, \
         created_at, generation, refresh_idle_expires_at, refresh_expires_at, ends_at, refresh_jkt) \
         SELECT d.grant_id, d.application_id, d.user_id, CAST($3 AS TEXT), $4, d.scope, $5, $6, $7, $2, 0, \
         CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10, CAST($11 AS TEXT) FROM device_authorization d JOIN session s ON s.id = d.session_id \
         JOIN user_account u ON u.id = d.user_id WHERE d.device_hash = $1 AND d.redeemed_at = $2 AND s.ended_at IS NULL \
         AND u.disabled_at IS NULL AND u.erased_at IS NULL ON CONFLICT (id) DO NOTHING",
    ];
    let args = args![
        device_hash,
        grant.created_at,
        grant.session_id,
        grant.sid.as_str(),
        grant.acr.as_str(),
        grant.amr.join(" "),
        grant.authenticated_at,
        grant.refresh_idle_expires_at,
        grant.refresh_expires_at,
        ends_at,
        grant.refresh_jkt.as_deref()
    ];
    Ok(tx.batch(sql, &args).await?.as_slice() == [1, 1])
}

/// Removes what ran out before `before`, `limit` at most.
///
/// # Errors
/// When the database fails.
pub async fn sweep(tx: &mut Tx, before: Timestamp, limit: i64) -> Result<(), Error> {
    let sql = "DELETE FROM device_authorization WHERE device_hash IN (SELECT device_hash FROM device_authorization \
               WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)";
    tx.execute(sql, &args![before, limit]).await?;
    Ok(())
}

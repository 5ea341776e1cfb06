//! What applications are told of ended sessions: `logout_delivery`, the queue and the log of it in one (E16).

use std::time::Duration;

use polder_crypto::sha256;
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{ApplicationId, ByCreation, LogoutDeliveryId, LogoutDeliveryState, SessionId, UserId};

use crate::back_channel::Queued;

/// How long it is tried: a day, in which an application can be repaired.
const TRIED_FOR: Duration = Duration::from_secs(24 * 3600);

/// A session as one application knows it.
struct Reached {
    sid: String,
    application_id: ApplicationId,
    user_id: UserId,
}

/// Queues what the applications that a session reached are told, those that want to hear of it. Part of the unit
/// of work that ends the session.
///
/// # Errors
/// When the database fails.
pub async fn queue_for_session(tx: &mut Tx, session: SessionId, reason: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "SELECT r.sid, r.application_id, s.user_id FROM session_application r \
               JOIN session s ON s.id = r.session_id JOIN application a ON a.id = r.application_id \
               WHERE r.session_id = $1 AND a.backchannel_logout_uri IS NOT NULL";
    let reached = tx.all(sql, &args![session], reached).await?;
    queue(tx, &reached, reason, now).await
}

/// Queues what one application is told that a person withdrew from: for each live session that reached it.
///
/// # Errors
/// When the database fails.
pub async fn queue_for_withdrawn(
    tx: &mut Tx,
    user: UserId,
    application: ApplicationId,
    now: Timestamp,
) -> Result<(), Error> {
    let sql = "SELECT r.sid, r.application_id, s.user_id FROM session_application r \
               JOIN session s ON s.id = r.session_id JOIN application a ON a.id = r.application_id \
               WHERE s.user_id = $1 AND r.application_id = $2 AND s.ended_at IS NULL \
               AND a.backchannel_logout_uri IS NOT NULL";
    let reached = tx.all(sql, &args![user, application], reached).await?;
    queue(tx, &reached, "consent_withdrawn", now).await
}

fn reached(row: &Row) -> Result<Reached, Error> {
    Ok(Reached { sid: row.text("sid")?, application_id: row.id("application_id")?, user_id: row.id("user_id")? })
}

async fn queue(tx: &mut Tx, reached: &[Reached], reason: &str, now: Timestamp) -> Result<(), Error> {
    for Reached { sid, application_id, user_id } in reached {
        tx.execute(
            "INSERT INTO logout_delivery (id, application_id, user_id, sid, reason, created_at, give_up_at, attempts, \
             next_attempt_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, $6) ON CONFLICT (id) DO NOTHING",
            &args![id_of(sid, now), *application_id, *user_id, sid.as_str(), reason, now, now + TRIED_FOR],
        )
        .await?;
    }
    if !reached.is_empty() {
        tx.append(Box::new(Queued));
    }
    Ok(())
}

/// An id that follows from what is told and when, so that one end is told once; it sorts by its time.
fn id_of(sid: &str, now: Timestamp) -> LogoutDeliveryId {
    let hash = sha256(format!("{sid} {}", now.millis()).as_bytes());
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&now.millis().to_be_bytes()[2..]);
    bytes[6..].copy_from_slice(&hash[..10]);
    // Version 7, variant of RFC 9562.
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    LogoutDeliveryId::from_bytes(bytes)
}

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Names it.
    pub id: LogoutDeliveryId,
    /// Who is told.
    pub application_id: ApplicationId,
    /// Whose session it was, as long as that is known.
    pub user_id: Option<UserId>,
    /// The session as the application knows it.
    pub sid: String,
    /// How often it was tried in vain.
    pub attempts: i64,
    /// When it is given up.
    pub give_up_at: Timestamp,
}

/// The applications for which something is due, whoever waits longest first.
///
/// # Errors
/// When the database fails.
pub async fn applications_due(tx: &mut Tx, now: Timestamp) -> Result<Vec<ApplicationId>, Error> {
    let sql = "SELECT application_id, MIN(next_attempt_at) AS since FROM logout_delivery \
               WHERE next_attempt_at IS NOT NULL AND next_attempt_at <= $1 GROUP BY application_id ORDER BY since";
    tx.all(sql, &args![now], |row| row.id("application_id")).await
}

/// What is due for one application, `limit` at most, oldest first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn due(tx: &mut Tx, application: ApplicationId, now: Timestamp, limit: i64) -> Result<Vec<Due>, Error> {
    let sql = "SELECT id, application_id, user_id, sid, attempts, give_up_at FROM logout_delivery \
               WHERE application_id = $1 AND next_attempt_at IS NOT NULL AND next_attempt_at <= $2 \
               ORDER BY next_attempt_at, id LIMIT $3";
    tx.all(sql, &args![application, now, limit], |row| {
        Ok(Due {
            id: row.id("id")?,
            application_id: row.id("application_id")?,
            user_id: row.opt_id("user_id")?,
            sid: row.text("sid")?,
            attempts: row.int("attempts")?,
            give_up_at: row.time("give_up_at")?,
        })
    })
    .await
}

/// When the next delivery is due, be it now.
///
/// # Errors
/// When the database fails.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT next_attempt_at FROM logout_delivery WHERE next_attempt_at IS NOT NULL \
               ORDER BY next_attempt_at LIMIT 1";
    tx.optional(sql, &args![], |row| row.time("next_attempt_at")).await
}

/// When the next one comes to be due that is not due now.
///
/// # Errors
/// When the database fails.
pub async fn next_after(tx: &mut Tx, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let sql = "SELECT next_attempt_at FROM logout_delivery WHERE next_attempt_at IS NOT NULL AND next_attempt_at > $1 \
               ORDER BY next_attempt_at LIMIT 1";
    tx.optional(sql, &args![now], |row| row.time("next_attempt_at")).await
}

/// An attempt that was made.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// Of which delivery.
    pub id: LogoutDeliveryId,
    /// When.
    pub at: Timestamp,
    /// The token it carried.
    pub jti: String,
    /// The status of the answer, where one came.
    pub answered: Option<i64>,
}

/// Notes that the application knows. Of somebody who was erased meanwhile nothing stays.
///
/// # Errors
/// When the database fails.
pub async fn delivered(tx: &mut Tx, attempt: &Attempt) -> Result<(), Error> {
    let Attempt { id, at, jti, answered } = attempt;
    tx.execute(
        "UPDATE logout_delivery SET delivered_at = $2, last_attempt_at = $2, next_attempt_at = NULL, \
         attempts = attempts + 1, jti = $3, answered = $4, failure = NULL, user_id = (SELECT u.id FROM user_account u \
         WHERE u.id = logout_delivery.user_id AND u.erased_at IS NULL) WHERE id = $1 AND delivered_at IS NULL",
        &args![*id, *at, jti.as_str(), *answered],
    )
    .await?;
    Ok(())
}

/// Notes a failure that may pass.
///
/// # Errors
/// When the database fails.
pub async fn retry(tx: &mut Tx, attempt: &Attempt, failure: &'static str, next: Timestamp) -> Result<(), Error> {
    let Attempt { id, at, jti, answered } = attempt;
    tx.execute(
        "UPDATE logout_delivery SET attempts = attempts + 1, last_attempt_at = $2, jti = $3, answered = $4, \
         failure = $5, next_attempt_at = $6 WHERE id = $1 AND next_attempt_at IS NOT NULL",
        &args![*id, *at, jti.as_str(), *answered, failure, next],
    )
    .await?;
    Ok(())
}

/// Gives it up: it stays in the log, and an administrator may have it tried again.
///
/// # Errors
/// When the database fails.
pub async fn give_up(tx: &mut Tx, attempt: &Attempt, failure: &'static str) -> Result<(), Error> {
    let Attempt { id, at, jti, answered } = attempt;
    tx.execute(
        "UPDATE logout_delivery SET attempts = attempts + 1, last_attempt_at = $2, jti = $3, answered = $4, \
         failure = $5, failed_at = $2, next_attempt_at = NULL, user_id = (SELECT u.id FROM user_account u \
         WHERE u.id = logout_delivery.user_id AND u.erased_at IS NULL) WHERE id = $1 AND next_attempt_at IS NOT NULL",
        &args![*id, *at, jti.as_str(), *answered, failure],
    )
    .await?;
    Ok(())
}

/// Has one that was given up tried for another day. `false` when there is none such.
///
/// # Errors
/// When the database fails.
pub async fn again(tx: &mut Tx, id: LogoutDeliveryId, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE logout_delivery SET failed_at = NULL, attempts = 0, next_attempt_at = $2, give_up_at = $3 \
               WHERE id = $1 AND failed_at IS NOT NULL AND delivered_at IS NULL";
    let rows = tx.execute(sql, &args![id, now, now + TRIED_FOR]).await?;
    if rows == 1 {
        tx.append(Box::new(Queued));
    }
    Ok(rows == 1)
}

/// Removes what is done of a person who is being erased. What waits goes once the application knows.
///
/// # Errors
/// When the database fails.
pub async fn forget_done(tx: &mut Tx, user: UserId) -> Result<(), Error> {
    let sql = "DELETE FROM logout_delivery WHERE user_id = $1 AND (delivered_at IS NOT NULL OR failed_at IS NOT NULL)";
    tx.execute(sql, &args![user]).await?;
    Ok(())
}

/// A delivery as the log shows it.
#[derive(Clone, Debug)]
pub struct Logged {
    /// Names it.
    pub id: LogoutDeliveryId,
    /// Who is told.
    pub application_id: ApplicationId,
    /// Whose session it was.
    pub user_id: Option<UserId>,
    /// The session as the application knows it.
    pub sid: String,
    /// Why the session ended.
    pub reason: String,
    /// How often it was tried.
    pub attempts: i64,
    /// When the session ended.
    pub created_at: Timestamp,
    /// When it was last tried.
    pub last_attempt_at: Option<Timestamp>,
    /// When it will be tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// When the application said that it knows.
    pub delivered_at: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// The token of the last attempt.
    pub jti: Option<String>,
    /// The status of the last answer.
    pub answered: Option<i64>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
}

/// The log in an order, from where `cursor` left off (time and id of the last one seen); of one application where one
/// is named, and those that have come so far where that is asked.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn page(
    tx: &mut Tx,
    (application, state, order): (Option<ApplicationId>, Option<LogoutDeliveryState>, ByCreation),
    cursor: Option<(Timestamp, LogoutDeliveryId)>,
    limit: i64,
) -> Result<Vec<Logged>, Error> {
    let (sql, begin) = match order {
        ByCreation::Newest => (
            "SELECT id, application_id, user_id, sid, reason, attempts, created_at, last_attempt_at, \
             next_attempt_at, delivered_at, failed_at, jti, answered, failure FROM logout_delivery \
             WHERE (created_at < $1 OR (created_at = $1 AND id < $2)) \
             AND (CAST($4 AS TEXT) IS NULL OR application_id = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR $5 = CASE WHEN delivered_at IS NOT NULL THEN 'delivered' \
             WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'pending' END) \
             ORDER BY created_at DESC, id DESC LIMIT $3",
            i64::MAX,
        ),
        ByCreation::Oldest => (
            "SELECT id, application_id, user_id, sid, reason, attempts, created_at, last_attempt_at, \
             next_attempt_at, delivered_at, failed_at, jti, answered, failure FROM logout_delivery \
             WHERE (created_at > $1 OR (created_at = $1 AND id > $2)) \
             AND (CAST($4 AS TEXT) IS NULL OR application_id = $4) \
             AND (CAST($5 AS TEXT) IS NULL OR $5 = CASE WHEN delivered_at IS NOT NULL THEN 'delivered' \
             WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'pending' END) \
             ORDER BY created_at, id LIMIT $3",
            i64::MIN,
        ),
    };
    let at = cursor.map_or(Timestamp::from_millis(begin), |(at, _)| at);
    let id = cursor.map(|(_, id)| id.to_string()).unwrap_or_default();
    tx.all(sql, &args![at, id, limit, application, state.map(LogoutDeliveryState::as_str)], |row| {
        Ok(Logged {
            id: row.id("id")?,
            application_id: row.id("application_id")?,
            user_id: row.opt_id("user_id")?,
            sid: row.text("sid")?,
            reason: row.text("reason")?,
            attempts: row.int("attempts")?,
            created_at: row.time("created_at")?,
            last_attempt_at: row.opt_time("last_attempt_at")?,
            next_attempt_at: row.opt_time("next_attempt_at")?,
            delivered_at: row.opt_time("delivered_at")?,
            failed_at: row.opt_time("failed_at")?,
            jti: row.opt_text("jti")?,
            answered: row.opt_int("answered")?,
            failure: row.opt_text("failure")?,
        })
    })
    .await
}

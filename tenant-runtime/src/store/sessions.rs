//! The session register (P3): `session`, `session_application`.

use std::time::Duration;

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Secret, Timestamp};
use polder_tenant_api::{ApplicationId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::{logout_deliveries, users};
use crate::error::Internal;
use crate::model::{Session, User};

/// What a list of sessions shows of each, of those that `$which` names.
macro_rules! listed {
    ($which:literal) => {
        concat!(
            "SELECT id AS session_id, user_id, acr, amr, proved_in, chosen_in, created_at AS session_created_at, \
             authenticated_at, last_seen_at, idle_expires_at, expires_at, ended_at, ended_reason, metadata_sealed \
             FROM session ",
            $which
        )
    };
}

/// Where and with what a session was last used (P6). Sealed in the row.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Metadata {
    /// Network address.
    pub ip: Option<String>,
    /// What the browser said it is.
    pub user_agent: Option<String>,
    /// Country, where it could be told without asking anyone outside (K7).
    pub country: Option<String>,
}

/// The keyed hash under which a cookie's session is found (E03).
pub fn cookie_hash(keyring: &Keyring, cookie: &Secret<String>) -> String {
    keyring.index("session-cookie", cookie.expose().as_bytes())
}

/// Enters a session into the register.
pub async fn start(
    tx: &mut Tx,
    keyring: &Keyring,
    session: &Session,
    cookie_hash: &str,
    metadata: &Metadata,
) -> Result<(), Internal> {
    let amr = serde_json::to_string(&session.amr)?;
    let metadata = seal(keyring, session.id, metadata)?;
    tx.execute(
        "INSERT INTO session (id, cookie_hash, user_id, acr, amr, metadata_sealed, created_at, authenticated_at, \
         last_seen_at, idle_expires_at, expires_at, proved_in, chosen_in) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        &args![
            session.id,
            cookie_hash,
            session.user_id,
            session.acr.as_str(),
            amr,
            metadata,
            session.created_at,
            session.authenticated_at,
            session.last_seen_at,
            session.idle_expires_at.min(session.expires_at),
            session.expires_at,
            session.proved_in.as_deref(),
            session.chosen_in.as_deref()
        ],
    )
    .await?;
    Ok(())
}

/// Notes that the same person proved themselves again: the session goes on under a new cookie, with
/// what the new proof is worth, and the old cookie is dead (E04). `false` when it has ended meanwhile.
pub async fn renew(tx: &mut Tx, session: &Session, cookie_hash: &str) -> Result<bool, Internal> {
    let amr = serde_json::to_string(&session.amr)?;
    let rows = tx
        .execute(
            "UPDATE session SET cookie_hash = $2, authenticated_at = $3, last_seen_at = $10, idle_expires_at = $4, \
             expires_at = $5, acr = $6, amr = $7, proved_in = $8, chosen_in = $9 \
             WHERE id = $1 AND ended_at IS NULL",
            &args![
                session.id,
                cookie_hash,
                session.authenticated_at,
                session.idle_expires_at.min(session.expires_at),
                session.expires_at,
                session.acr.as_str(),
                amr,
                session.proved_in.as_deref(),
                session.chosen_in.as_deref(),
                session.last_seen_at
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Notes that the person goes on as this account in a flow: the session has a new cookie, and the old one
/// is dead (E04). `false` when it is not the one that `before` opened any more.
pub async fn choose(
    tx: &mut Tx,
    id: SessionId,
    (before, cookie_hash): (&str, &str),
    flow_hash: Option<&str>,
) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE session SET cookie_hash = $3, chosen_in = COALESCE($4, chosen_in) \
             WHERE id = $1 AND cookie_hash = $2 AND ended_at IS NULL",
            &args![id, before, cookie_hash, flow_hash],
        )
        .await?;
    Ok(rows == 1)
}

/// Forgets that the person went on as this account in a flow: they are somebody else in it now.
pub async fn unchoose(tx: &mut Tx, id: SessionId, flow_hash: &str) -> Result<(), Error> {
    tx.execute("UPDATE session SET chosen_in = NULL WHERE id = $1 AND chosen_in = $2", &args![id, flow_hash]).await?;
    Ok(())
}

/// Holds every session to these times, also those that began under longer ones.
pub async fn shorten(tx: &mut Tx, idle: Duration, absolute: Duration) -> Result<(), Error> {
    let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
    tx.execute(
        "UPDATE session SET idle_expires_at = last_seen_at + $1 \
         WHERE ended_at IS NULL AND idle_expires_at > last_seen_at + $1",
        &args![millis(idle)],
    )
    .await?;
    tx.execute(
        "UPDATE session SET expires_at = authenticated_at + $1 \
         WHERE ended_at IS NULL AND expires_at > authenticated_at + $1",
        &args![millis(absolute)],
    )
    .await?;
    Ok(())
}

/// Notes a use of a session, with where it came from.
pub async fn touch(tx: &mut Tx, keyring: &Keyring, session: &Session, metadata: &Metadata) -> Result<(), Internal> {
    let metadata = seal(keyring, session.id, metadata)?;
    tx.execute(
        "UPDATE session SET last_seen_at = $2, idle_expires_at = $3, metadata_sealed = $4 \
         WHERE id = $1 AND ended_at IS NULL",
        &args![session.id, session.last_seen_at, session.idle_expires_at, metadata],
    )
    .await?;
    Ok(())
}

/// The live session of a cookie, with its person. Disabled and erased people have none.
pub async fn by_cookie(
    tx: &mut Tx,
    keyring: &Keyring,
    cookie_hash: &str,
    now: Timestamp,
) -> Result<Option<(Session, User)>, Internal> {
    let row = tx
        .optional(
            "SELECT s.id AS session_id, s.user_id, s.acr, s.amr, s.proved_in, s.chosen_in, \
             s.created_at AS session_created_at, s.authenticated_at, s.last_seen_at, s.idle_expires_at, \
             s.expires_at, s.ended_at, u.id, u.email_sealed, \
             u.email_verified_at, u.name_sealed, u.locale, u.audit_key_wrapped, u.created_at, u.updated_at, \
             u.last_sign_in_at, u.disabled_at FROM session s JOIN user_account u ON u.id = s.user_id \
             WHERE s.cookie_hash = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $2 AND s.expires_at > $2 \
             AND u.disabled_at IS NULL AND u.erased_at IS NULL",
            &args![cookie_hash, now],
            |row| Ok((joined(row)?, users::Sealed::from_row(row)?)),
        )
        .await?;
    let Some((session, user)) = row else { return Ok(None) };
    Ok(Some((session, user.open(keyring)?)))
}

/// Why a session ended that nobody ended: it only ran out. Applications are not told (they have times of their own).
const RAN_OUT: &str = "expired";

/// Ends a session and every grant tied to it (E13), and queues what its applications are told (A51). `false` when
/// it had ended already.
pub async fn end(tx: &mut Tx, id: SessionId, reason: &str, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .batch(
            &[
                "UPDATE session SET ended_at = $3, ended_reason = $2 WHERE id = $1 AND ended_at IS NULL",
                "UPDATE oauth_grant SET revoked_at = $3, revoked_reason = $2 \
                 WHERE session_id = $1 AND revoked_at IS NULL",
                "UPDATE authorization_code SET used_at = $3 \
                 WHERE session_id = $1 AND used_at IS NULL AND $2 <> ''",
            ],
            &args![id, reason, now],
        )
        .await?;
    let ended = rows.first() == Some(&1);
    if ended && reason != RAN_OUT {
        logout_deliveries::queue_for_session(tx, id, reason, now).await?;
    }
    Ok(ended)
}

/// Ends every session of a person and every grant they gave, tied or not (E11), and queues what applications are
/// told (A51).
pub async fn end_all_of(tx: &mut Tx, user: UserId, reason: &str, now: Timestamp) -> Result<Vec<SessionId>, Error> {
    let ended = tx
        .all(
            "UPDATE session SET ended_at = $3, ended_reason = $2 WHERE user_id = $1 AND ended_at IS NULL RETURNING id",
            &args![user, reason, now],
            |row| row.id("id"),
        )
        .await?;
    tx.execute(
        "UPDATE oauth_grant SET revoked_at = $3, revoked_reason = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        &args![user, reason, now],
    )
    .await?;
    tx.execute("UPDATE authorization_code SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL", &args![user, now])
        .await?;
    for session in &ended {
        logout_deliveries::queue_for_session(tx, *session, reason, now).await?;
    }
    Ok(ended)
}

/// The live sessions of a person, whichever was not used for the longest time first.
pub async fn live_of(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<SessionId>, Error> {
    tx.all(
        "SELECT id FROM session WHERE user_id = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2 \
         ORDER BY last_seen_at, created_at, id",
        &args![user, now],
        |row| row.id("id"),
    )
    .await
}

/// Ends sessions that ran out, `limit` at most, with the grants tied to them. Reads compare times anyway; what is
/// ended stays so when the clock is set back (E20).
pub async fn end_expired(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<(), Error> {
    let sql =
        "SELECT id FROM session WHERE ended_at IS NULL AND idle_expires_at <= $1 ORDER BY idle_expires_at LIMIT $2";
    let expired: Vec<SessionId> = tx.all(sql, &args![now, limit], |row| row.id("id")).await?;
    for id in expired {
        end(tx, id, RAN_OUT, now).await?;
    }
    Ok(())
}

/// A session as lists show it.
#[derive(Debug)]
pub struct Listed {
    /// The session.
    pub session: Session,
    /// Where it was last used.
    pub metadata: Metadata,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// The applications it reached.
    pub applications: Vec<ApplicationId>,
}

/// The sessions of a person, newest first, ended ones included.
pub async fn of_user(tx: &mut Tx, keyring: &Keyring, user: UserId, limit: i64) -> Result<Vec<Listed>, Internal> {
    let rows = tx
        .all(listed!("WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2"), &args![user, limit], unlisted)
        .await?;
    listed(tx, keyring, rows).await
}

/// Every session, newest first, from below `cursor` (creation time and id of the last one seen).
pub async fn page(
    tx: &mut Tx,
    keyring: &Keyring,
    user: Option<UserId>,
    cursor: Option<(Timestamp, SessionId)>,
    limit: i64,
) -> Result<Vec<Listed>, Internal> {
    let at = cursor.map_or(Timestamp::from_millis(i64::MAX), |(at, _)| at);
    let id = cursor.map(|(_, id)| id.to_string()).unwrap_or_default();
    let rows = match user {
        Some(user) => {
            tx.all(
                listed!(
                    "WHERE user_id = $4 AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
                 ORDER BY created_at DESC, id DESC LIMIT $3"
                ),
                &args![at, id, limit, user],
                unlisted,
            )
            .await?
        }
        None => {
            tx.all(
                listed!(
                    "WHERE created_at < $1 OR (created_at = $1 AND id < $2) \
                 ORDER BY created_at DESC, id DESC LIMIT $3"
                ),
                &args![at, id, limit],
                unlisted,
            )
            .await?
        }
    };
    listed(tx, keyring, rows).await
}

/// Whose session this is, ended or not.
pub async fn owner(tx: &mut Tx, id: SessionId) -> Result<Option<UserId>, Error> {
    tx.optional("SELECT user_id FROM session WHERE id = $1", &args![id], |row| row.id("user_id")).await
}

type Unlisted = (Session, Option<String>, String);

fn unlisted(row: &Row) -> Result<Unlisted, Error> {
    Ok((joined(row)?, row.opt_text("ended_reason")?, row.text("metadata_sealed")?))
}

async fn listed(tx: &mut Tx, keyring: &Keyring, rows: Vec<Unlisted>) -> Result<Vec<Listed>, Internal> {
    let mut sessions = Vec::with_capacity(rows.len());
    for (session, ended_reason, sealed) in rows {
        let applications = tx
            .all(
                "SELECT application_id FROM session_application WHERE session_id = $1 ORDER BY first_at, sid",
                &args![session.id],
                |row| row.id("application_id"),
            )
            .await?;
        let metadata = unseal(keyring, session.id, &sealed)?;
        sessions.push(Listed { session, metadata, ended_reason, applications });
    }
    Ok(sessions)
}

fn joined(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.id("session_id")?,
        user_id: row.id("user_id")?,
        acr: row.text("acr")?,
        amr: row.json("amr")?,
        proved_in: row.opt_text("proved_in")?,
        chosen_in: row.opt_text("chosen_in")?,
        created_at: row.time("session_created_at")?,
        authenticated_at: row.time("authenticated_at")?,
        last_seen_at: row.time("last_seen_at")?,
        idle_expires_at: row.time("idle_expires_at")?,
        expires_at: row.time("expires_at")?,
        ended_at: row.opt_time("ended_at")?,
    })
}

fn seal(keyring: &Keyring, id: SessionId, metadata: &Metadata) -> Result<String, Internal> {
    let json = serde_json::to_string(metadata)?;
    Ok(keyring.seal_text(Category::SessionMetadata, &context(id), &json))
}

fn unseal(keyring: &Keyring, id: SessionId, sealed: &str) -> Result<Metadata, Internal> {
    let json = keyring.unseal_text(Category::SessionMetadata, &context(id), sealed)?;
    Ok(serde_json::from_str(&json)?)
}

fn context(id: SessionId) -> String {
    format!("session.metadata_sealed:{id}")
}

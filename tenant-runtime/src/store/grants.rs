//! Grants and their refresh families: `oauth_grant`.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_protocol::claims::AskedClaims;
use polder_tenant_api::{ApplicationId, SessionId, UserId};

use super::users;
use crate::model::{Grant, GrantId};

/// A grant by its id, whatever its state.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn find(tx: &mut Tx, id: GrantId) -> Result<Option<Grant>, Error> {
    let sql = "SELECT id, application_id, user_id, session_id, sid, scope, acr, amr, authenticated_at, created_at, \
               generation, rotated_at, refresh_idle_expires_at, refresh_expires_at, refresh_jkt, revoked_at, claims, \
               resources \
               FROM oauth_grant WHERE id = $1";
    tx.optional(sql, &args![id], grant).await
}

/// A refresh token being used: which one, by whom, when.
#[derive(Clone, Debug)]
pub struct Rotation {
    /// The family.
    pub id: GrantId,
    /// Who presents it.
    pub application_id: ApplicationId,
    /// The generation presented.
    pub generation: u32,
    /// Now.
    pub now: Timestamp,
    /// When the successor dies if unused; the absolute end still caps it (B45).
    pub idle_expires_at: Timestamp,
    /// When an access token given now can still be alive.
    pub ends_at: Timestamp,
    /// Whether the token gives way to a successor; otherwise it stays the one of its family.
    pub rotates: bool,
    /// The key it is presented with, as a thumbprint.
    pub jkt: Option<String>,
}

/// Moves the family on by one generation, if the presented one is the newest and everything the
/// family hangs on still stands: one compare-and-set, so of many parallel uses one wins (B44). A family
/// that is tied to a session ends with it, also where the session ends by being idle: an application
/// that refreshes is not a person at work, and does not keep the session alive (E13). One that is bound to a key
/// moves for its holder alone.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn rotate(tx: &mut Tx, rotation: &Rotation) -> Result<Option<Grant>, Error> {
    let sql = "UPDATE oauth_grant SET generation = generation + $7, \
               rotated_at = CASE WHEN $7 = 1 THEN $4 ELSE rotated_at END, \
               refresh_idle_expires_at = CASE WHEN refresh_expires_at < $5 THEN refresh_expires_at ELSE $5 END, \
               ends_at = CASE WHEN ends_at < $6 THEN $6 ELSE ends_at END \
               WHERE id = $1 AND application_id = $2 AND generation = $3 AND revoked_at IS NULL \
               AND refresh_expires_at > $4 AND refresh_idle_expires_at > $4 \
               AND (refresh_jkt IS NULL OR refresh_jkt = $8) \
               AND EXISTS (SELECT 1 FROM user_account u WHERE u.id = oauth_grant.user_id \
                           AND u.disabled_at IS NULL AND u.erased_at IS NULL) \
               AND (session_id IS NULL OR EXISTS (SELECT 1 FROM session s WHERE s.id = oauth_grant.session_id \
                           AND s.ended_at IS NULL AND s.expires_at > $4 AND s.idle_expires_at > $4)) \
               RETURNING id, application_id, user_id, session_id, sid, scope, acr, amr, authenticated_at, \
               created_at, generation, rotated_at, refresh_idle_expires_at, refresh_expires_at, refresh_jkt, \
               revoked_at, claims, resources";
    let Rotation { id, application_id, generation, now, idle_expires_at, ends_at, rotates, jkt } = rotation;
    let (generation, step, jkt) = (i64::from(*generation), i64::from(*rotates), jkt.as_deref());
    tx.optional(sql, &args![*id, *application_id, generation, *now, *idle_expires_at, *ends_at, step, jkt], grant).await
}

/// Whether the person and, for a grant tied to one, the session still stand.
///
/// # Errors
/// When the database fails.
pub async fn stands(tx: &mut Tx, id: GrantId, now: Timestamp) -> Result<bool, Error> {
    let sql = "SELECT g.id FROM oauth_grant g JOIN user_account u ON u.id = g.user_id \
               LEFT JOIN session s ON s.id = g.session_id \
               WHERE g.id = $1 AND g.revoked_at IS NULL AND u.disabled_at IS NULL AND u.erased_at IS NULL \
               AND (g.session_id IS NULL OR (s.ended_at IS NULL AND s.expires_at > $2 AND s.idle_expires_at > $2))";
    Ok(tx.optional(sql, &args![id, now], |row| row.text("id")).await?.is_some())
}

/// Revokes one grant. True if it was not revoked before.
///
/// # Errors
/// When the database fails.
pub async fn revoke(tx: &mut Tx, id: GrantId, reason: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE oauth_grant SET revoked_at = $2, revoked_reason = $3 WHERE id = $1 AND revoked_at IS NULL";
    Ok(tx.execute(sql, &args![id, now, reason]).await? == 1)
}

/// Revokes every grant that ends with this session.
///
/// # Errors
/// When the database fails.
pub async fn revoke_of_session(tx: &mut Tx, id: SessionId, reason: &str, now: Timestamp) -> Result<u64, Error> {
    let sql = "UPDATE oauth_grant SET revoked_at = $2, revoked_reason = $3 \
               WHERE session_id = $1 AND revoked_at IS NULL";
    tx.execute(sql, &args![id, now, reason]).await
}

/// Revokes every grant of a person.
///
/// # Errors
/// When the database fails.
pub async fn revoke_of_user(tx: &mut Tx, id: UserId, reason: &str, now: Timestamp) -> Result<u64, Error> {
    let sql = "UPDATE oauth_grant SET revoked_at = $2, revoked_reason = $3 WHERE user_id = $1 AND revoked_at IS NULL";
    tx.execute(sql, &args![id, now, reason]).await
}

/// Revokes what one application was granted by one person.
pub async fn revoke_of_user_at(
    tx: &mut Tx,
    application: ApplicationId,
    user: UserId,
    reason: &str,
    now: Timestamp,
) -> Result<u64, Error> {
    tx.execute(
        "UPDATE oauth_grant SET revoked_at = $3, revoked_reason = $4 \
         WHERE user_id = $2 AND application_id = $1 AND revoked_at IS NULL",
        &args![application, user, now, reason],
    )
    .await
}

/// The grants of a person that stand, oldest first.
pub async fn standing_of_user(tx: &mut Tx, user: UserId, now: Timestamp) -> Result<Vec<Grant>, Error> {
    tx.all(
        "SELECT id, application_id, user_id, session_id, sid, scope, acr, amr, authenticated_at, created_at, \
         generation, rotated_at, refresh_idle_expires_at, refresh_expires_at, refresh_jkt, revoked_at, claims, \
         resources FROM oauth_grant \
         WHERE user_id = $1 AND revoked_at IS NULL AND ends_at > $2 ORDER BY created_at, id",
        &args![user, now],
        grant,
    )
    .await
}

/// Revokes every grant that was given in this session, those included that `offline_access` untied from it.
pub async fn revoke_of_device(tx: &mut Tx, session: SessionId, reason: &str, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE oauth_grant SET revoked_at = $2, revoked_reason = $3 WHERE revoked_at IS NULL \
         AND sid IN (SELECT sid FROM session_application WHERE session_id = $1)",
        &args![session, now, reason],
    )
    .await
}

fn grant(row: &Row) -> Result<Grant, Error> {
    Ok(Grant {
        id: row.id("id")?,
        application_id: row.id("application_id")?,
        user_id: row.id("user_id")?,
        session_id: row.opt_id("session_id")?,
        sid: row.text("sid")?,
        scope: row.parse("scope")?,
        acr: row.text("acr")?,
        amr: row.text("amr")?.split(' ').map(str::to_owned).collect(),
        authenticated_at: row.time("authenticated_at")?,
        created_at: row.time("created_at")?,
        generation: u32::try_from(row.int("generation")?).map_err(|_| impossible_generation())?,
        rotated_at: row.opt_time("rotated_at")?,
        refresh_idle_expires_at: row.opt_time("refresh_idle_expires_at")?,
        refresh_expires_at: row.opt_time("refresh_expires_at")?,
        refresh_jkt: row.opt_text("refresh_jkt")?,
        revoked_at: row.opt_time("revoked_at")?,
        claims: opt_json(row, "claims")?,
        resources: opt_json(row, "resources")?,
    })
}

/// What most grants have nothing of is no text at all.
fn opt_json<T: serde::de::DeserializeOwned + Default>(row: &Row, column: &str) -> Result<T, Error> {
    if row.opt_text(column)?.is_none() {
        return Ok(T::default());
    }
    row.json(column)
}

fn impossible_generation() -> Error {
    Error::Column { column: "generation".to_owned(), problem: "is out of range" }
}

/// Asks in one query whether an access token still stands: its grant, its person, its session and
/// the token itself (E14). A token dies with the session it came from even where the grant does not:
/// only one given after the session ended stands without it. Gives the person, still sealed, and which single
/// claims the grant gives.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn standing(tx: &mut Tx, id: GrantId, jti: &str, iat: Timestamp) -> Result<Option<Stands>, Error> {
    let sql = "SELECT u.id, u.email_sealed, u.email_verified_at, u.name_sealed, u.locale, u.audit_key_wrapped, \
               u.created_at, u.updated_at, u.last_sign_in_at, u.disabled_at, g.claims \
               FROM oauth_grant g JOIN user_account u ON u.id = g.user_id \
               LEFT JOIN session_application a ON a.sid = g.sid LEFT JOIN session s ON s.id = a.session_id \
               WHERE g.id = $1 AND g.revoked_at IS NULL AND u.disabled_at IS NULL AND u.erased_at IS NULL \
               AND (s.ended_at IS NULL OR (g.session_id IS NULL AND s.ended_at < $3)) \
               AND NOT EXISTS (SELECT 1 FROM revoked_token r WHERE r.jti = $2)";
    let row = |row: &Row| Ok(Stands { person: users::Sealed::from_row(row)?, claims: opt_json(row, "claims")? });
    tx.optional(sql, &args![id, jti, iat], row).await
}

/// What a token that stands was given for.
#[derive(Debug)]
pub struct Stands {
    /// The person.
    pub person: users::Sealed,
    /// Single claims that were granted.
    pub claims: AskedClaims,
}

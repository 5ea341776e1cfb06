//! Authorization codes: `authorization_code`. Redeeming one is one batch of two statements.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

use crate::model::{AuthorizationCode, Grant, GrantId};

/// A code as it is found, with whether somebody was here before.
#[derive(Clone, Debug)]
pub struct FoundCode {
    /// The code.
    pub code: AuthorizationCode,
    /// When it was redeemed.
    pub used_at: Option<Timestamp>,
}

/// Stores a code under its keyed hash and notes which application the session reached, in one call.
/// `false` when the person, the session or the application ended since they were read.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, code_hash: &str, code: &AuthorizationCode, bound: &str) -> Result<bool, Error> {
    let sql = [
        "INSERT INTO session_application (session_id, application_id, sid, first_at) \
         SELECT s.id, a.id, CAST($12 AS TEXT), CAST($10 AS BIGINT) FROM session s \
         JOIN user_account u ON u.id = s.user_id JOIN application a ON a.id = $3 \
         WHERE s.id = $5 AND u.id = $4 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.erased_at IS NULL \
         ON CONFLICT (session_id, application_id) DO NOTHING",
        "INSERT INTO authorization_code (code_hash, grant_id, application_id, user_id, session_id, redirect_uri, \
         scope, code_challenge, nonce, request, created_at, expires_at) \
         SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), a.id, u.id, s.id, CAST($6 AS TEXT), CAST($7 AS TEXT), \
         CAST($8 AS TEXT), CAST($9 AS TEXT), CAST($13 AS TEXT), CAST($10 AS BIGINT), CAST($11 AS BIGINT) \
         FROM session s JOIN user_account u ON u.id = s.user_id JOIN application a ON a.id = $3 \
         WHERE s.id = $5 AND u.id = $4 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.erased_at IS NULL",
    ];
    let args = args![
        code_hash,
        code.grant_id,
        code.application_id,
        code.user_id,
        code.session_id,
        code.redirect_uri.as_str(),
        code.scope.to_string(),
        code.code_challenge.as_str(),
        code.nonce.as_deref(),
        code.created_at,
        code.expires_at,
        code.bound.sid.as_str(),
        bound
    ];
    // The application of a try-out never hears of the session: it has nothing to be told of when that ends.
    let sql = if code.bound.try_out { &sql[1..] } else { &sql[..] };
    Ok(tx.batch(sql, &args).await?.last() == Some(&1))
}

/// Uses the code of a try-out: nothing is granted. `false` when it was used or is too old, or when the session or the
/// person ended.
///
/// # Errors
/// When the database fails.
pub async fn use_up(tx: &mut Tx, code_hash: &str, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE authorization_code SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2 \
               AND EXISTS (SELECT 1 FROM session s JOIN user_account u ON u.id = s.user_id \
               WHERE s.id = authorization_code.session_id AND s.ended_at IS NULL AND u.disabled_at IS NULL \
               AND u.erased_at IS NULL)";
    Ok(tx.execute(sql, &args![code_hash, now]).await? == 1)
}

/// Looks a code up. What it is bound to never changes, so a reader may check all of that first;
/// only [`redeem`] decides who was first.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn find(tx: &mut Tx, code_hash: &str) -> Result<Option<FoundCode>, Error> {
    let sql = "SELECT grant_id, application_id, user_id, session_id, redirect_uri, scope, code_challenge, nonce, \
               request, created_at, expires_at, used_at FROM authorization_code WHERE code_hash = $1";
    tx.optional(sql, &args![code_hash], found).await
}

fn found(row: &Row) -> Result<FoundCode, Error> {
    let code = AuthorizationCode {
        grant_id: row.id("grant_id")?,
        application_id: row.id("application_id")?,
        user_id: row.id("user_id")?,
        session_id: row.id("session_id")?,
        redirect_uri: row.text("redirect_uri")?,
        scope: row.parse("scope")?,
        code_challenge: row.text("code_challenge")?,
        nonce: row.opt_text("nonce")?,
        bound: row.json("request")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    };
    Ok(FoundCode { code, used_at: row.opt_time("used_at")? })
}

/// What became of an attempt to redeem a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// This was the first use: the grant is stored.
    First,
    /// Somebody used it before (A21, B14).
    Again,
    /// The code is used up, but the person or the session ended meanwhile: no grant.
    Ended,
}

/// Uses the code and stores its grant, in one call: consume, then mint. The grant appears only if
/// this statement used the code and the session and the person still stand.
///
/// # Errors
/// When the database fails.
pub async fn redeem(tx: &mut Tx, code_hash: &str, grant: &Grant, ends_at: Timestamp) -> Result<Redeemed, Error> {
    let sql = &[
        "UPDATE authorization_code SET used_at = $2 WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $2",
        "INSERT INTO oauth_grant (id, application_id, user_id, session_id, sid, scope, acr, amr, authenticated_at, \
         created_at, generation, refresh_idle_expires_at, refresh_expires_at, ends_at, refresh_jkt, claims, resources) \
         SELECT c.grant_id, c.application_id, c.user_id, CAST($3 AS TEXT), $4, c.scope, $5, $6, $7, $2, 0, \
         CAST($8 AS BIGINT), CAST($9 AS BIGINT), $10, CAST($11 AS TEXT), CAST($12 AS TEXT), CAST($13 AS TEXT) \
         FROM authorization_code c JOIN session s ON s.id = c.session_id JOIN user_account u ON u.id = c.user_id \
         WHERE c.code_hash = $1 AND c.used_at = $2 AND s.ended_at IS NULL AND u.disabled_at IS NULL \
         AND u.erased_at IS NULL ON CONFLICT (id) DO NOTHING",
    ];
    let amr = grant.amr.join(" ");
    let args = args![
        code_hash,
        grant.created_at,
        grant.session_id,
        grant.sid.as_str(),
        grant.acr.as_str(),
        amr,
        grant.authenticated_at,
        grant.refresh_idle_expires_at,
        grant.refresh_expires_at,
        ends_at,
        grant.refresh_jkt.as_deref(),
        (!grant.claims.is_empty()).then(|| json(&grant.claims)).transpose()?,
        (!grant.resources.is_empty()).then(|| json(&grant.resources)).transpose()?
    ];
    match tx.batch(sql, &args).await?.as_slice() {
        [1, 1] => Ok(Redeemed::First),
        [1, _] => Ok(Redeemed::Ended),
        _ => Ok(Redeemed::Again),
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::Other(error.to_string()))
}

/// Which grant a code led to.
///
/// # Errors
/// When the database fails.
pub async fn grant_of(tx: &mut Tx, code_hash: &str) -> Result<Option<GrantId>, Error> {
    let sql = "SELECT grant_id FROM authorization_code WHERE code_hash = $1";
    tx.optional(sql, &args![code_hash], |row| row.id("grant_id")).await
}

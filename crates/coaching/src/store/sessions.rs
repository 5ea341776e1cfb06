//! Signed-in browsers. Tokens stay here, sealed.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;

use crate::error::Fault;
use crate::model::{Member, MemberId, SessionId, Side};
use crate::oidc::Tokens;

/// A signed-in browser.
pub struct Session {
    /// Names it.
    pub id: SessionId,
    /// Whose it is.
    pub member: Member,
    /// What the identity provider gave.
    pub tokens: Tokens,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
}

/// The stored form of a session cookie.
pub fn cookie_hash(keys: &Keyring, cookie: &str) -> String {
    keys.index("session.cookie", cookie.as_bytes())
}

fn seal(keys: &Keyring, id: SessionId, tokens: &Tokens) -> Result<String, Fault> {
    let text = serde_json::to_vec(tokens).map_err(|_| Fault::Row("session.tokens_sealed"))?;
    Ok(keys.seal(Category::ProviderTokens, &format!("session.tokens_sealed:{id}"), &text))
}

/// A session to start.
pub struct NewSession<'a> {
    /// Names it.
    pub id: SessionId,
    /// The cookie's stored form.
    pub cookie_hash: String,
    /// Whose it is.
    pub member: MemberId,
    /// The identity provider's own session, which it may end.
    pub sid: Option<&'a str>,
    /// What the identity provider gave.
    pub tokens: &'a Tokens,
    /// When the access token ends.
    pub access_expires_at: Timestamp,
    /// When the session ends at the latest.
    pub expires_at: Timestamp,
}

/// Starts a session.
///
/// # Errors
/// Storage.
pub async fn start(tx: &mut Tx, keys: &Keyring, new: &NewSession<'_>, now: Timestamp) -> Result<(), Fault> {
    tx.execute(
        "INSERT INTO session (id, cookie_hash, member_id, tokens_sealed, access_expires_at, created_at, expires_at, sid)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &args![
            new.id,
            new.cookie_hash.as_str(),
            new.member,
            seal(keys, new.id, new.tokens)?,
            new.access_expires_at,
            now,
            new.expires_at,
            new.sid
        ],
    )
    .await?;
    Ok(())
}

/// The live session of a cookie on one side.
///
/// # Errors
/// Storage, or a row that was not sealed here.
pub async fn by_cookie(
    tx: &mut Tx,
    keys: &Keyring,
    cookie: &str,
    side: Side,
    now: Timestamp,
) -> Result<Option<Session>, Fault> {
    let row = tx
        .optional(
            "SELECT session.id, session.tokens_sealed, session.access_expires_at, member.id AS member_id, member.side,
                    member.email_sealed, member.name_sealed
             FROM session JOIN member ON member.id = session.member_id
             WHERE session.cookie_hash = $1 AND member.side = $2 AND session.expires_at > $3",
            &args![cookie_hash(keys, cookie), side.as_str(), now],
            |row| {
                let id: SessionId = row.id("id")?;
                Ok((
                    id,
                    row.text("tokens_sealed")?,
                    row.time("access_expires_at")?,
                    super::members::Sealed::from_row(row)?,
                ))
            },
        )
        .await?;
    let Some((id, tokens, access_expires_at, member)) = row else { return Ok(None) };
    let text = keys.unseal(Category::ProviderTokens, &format!("session.tokens_sealed:{id}"), &tokens)?;
    let tokens = serde_json::from_slice(text.expose()).map_err(|_| Fault::Row("session.tokens_sealed"))?;
    Ok(Some(Session { id, member: member.open(keys)?, tokens, access_expires_at }))
}

/// Keeps refreshed tokens.
///
/// # Errors
/// Storage.
pub async fn keep_tokens(
    tx: &mut Tx,
    keys: &Keyring,
    id: SessionId,
    tokens: &Tokens,
    access_expires_at: Timestamp,
) -> Result<(), Fault> {
    tx.execute(
        "UPDATE session SET tokens_sealed = $1, access_expires_at = $2 WHERE id = $3",
        &args![seal(keys, id, tokens)?, access_expires_at, id],
    )
    .await?;
    Ok(())
}

/// Ends a session.
///
/// # Errors
/// Storage.
pub async fn end(tx: &mut Tx, id: SessionId) -> Result<(), Error> {
    tx.execute("DELETE FROM session WHERE id = $1", &args![id]).await.map(|_| ())
}

/// Ends the sessions of one side that hang on a session at the identity provider, or on a person; where both are
/// named both must fit.
///
/// # Errors
/// Storage.
pub async fn end_of(tx: &mut Tx, side: Side, (sub, sid): (Option<&str>, Option<&str>)) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM session WHERE (CAST($1 AS TEXT) IS NULL OR sid = $1) AND member_id IN
         (SELECT id FROM member WHERE side = $2 AND (CAST($3 AS TEXT) IS NULL OR subject = $3))",
        &args![sid, side.as_str(), sub],
    )
    .await
}

/// Notes that a logout token was taken. `false` when it was before.
///
/// # Errors
/// Storage.
pub async fn use_logout_token(tx: &mut Tx, jti: &str, expires_at: Timestamp) -> Result<bool, Error> {
    let sql = "INSERT INTO used_logout_token (jti, expires_at) VALUES ($1, $2) ON CONFLICT (jti) DO NOTHING";
    Ok(tx.execute(sql, &args![jti, expires_at]).await? == 1)
}

/// Removes sessions that have ended, and logout tokens that are of no more use.
///
/// # Errors
/// Storage.
pub async fn sweep(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute("DELETE FROM used_logout_token WHERE expires_at <= $1", &args![now]).await?;
    tx.execute("DELETE FROM session WHERE expires_at <= $1", &args![now]).await
}

//! Sessions of the console. The cookie's keyed hash is the only trace of the cookie.

use polder_crypto::{Category, Keyring, SealError};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;

use super::members;
use crate::model::{ConsoleSessionId, MemberId, OrganisationId, Role};

/// A session to keep.
#[derive(Clone)]
pub struct NewSession {
    /// Names it.
    pub id: ConsoleSessionId,
    /// The cookie's keyed hash.
    pub cookie_hash: String,
    /// Whose.
    pub member_id: MemberId,
    /// Tokens of `platform`, as JSON.
    pub tokens: String,
    /// Address and browser, as JSON.
    pub metadata: String,
    /// When it ends unless it is used.
    pub idle_expires_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
}

/// A living session with whose it is.
#[derive(Clone)]
pub struct Session {
    /// Names it.
    pub id: ConsoleSessionId,
    /// When it was last used, to the minute.
    pub last_seen_at: Timestamp,
    /// When it ends at the latest.
    pub expires_at: Timestamp,
    /// Tokens of `platform`, sealed.
    pub tokens_sealed: String,
    /// Who is signed in.
    pub member_id: MemberId,
    /// As what.
    pub role: Role,
    /// Of which organisation.
    pub organisation_id: OrganisationId,
    /// That organisation's name.
    pub organisation: String,
    name_sealed: Option<String>,
    email_sealed: Option<String>,
}

impl Session {
    /// The member's name and address.
    ///
    /// # Errors
    /// When they were sealed under another key.
    pub fn identity(&self, keyring: &Keyring) -> Result<(String, String), SealError> {
        members::identity(keyring, self.member_id, (&self.name_sealed, &self.email_sealed))
    }

    /// The tokens of `platform`, as JSON.
    ///
    /// # Errors
    /// When they were sealed under another key.
    pub fn tokens(&self, keyring: &Keyring) -> Result<String, SealError> {
        keyring.unseal_text(Category::ProviderTokens, &context("tokens_sealed", self.id), &self.tokens_sealed)
    }
}

/// How a cookie is stored and found.
pub fn cookie_hash(keyring: &Keyring, cookie: &str) -> String {
    keyring.index("console-session", cookie.as_bytes())
}

/// Adds a session.
pub async fn insert(tx: &mut Tx, keyring: &Keyring, new: &NewSession, now: Timestamp) -> Result<(), Error> {
    let tokens = keyring.seal_text(Category::ProviderTokens, &context("tokens_sealed", new.id), &new.tokens);
    let metadata = keyring.seal_text(Category::SessionMetadata, &context("metadata_sealed", new.id), &new.metadata);
    tx.execute(
        "INSERT INTO console_session
             (id, cookie_hash, member_id, tokens_sealed, metadata_sealed, created_at, last_seen_at, idle_expires_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6, $7, $8)",
        &args![
            new.id,
            new.cookie_hash.as_str(),
            new.member_id,
            tokens,
            metadata,
            now,
            new.idle_expires_at,
            new.expires_at
        ],
    )
    .await?;
    Ok(())
}

/// The living session with this cookie, of somebody who still is a member.
pub async fn by_cookie(tx: &mut Tx, cookie_hash: &str, now: Timestamp) -> Result<Option<Session>, Error> {
    tx.optional(
        "SELECT console_session.id, console_session.last_seen_at, expires_at, tokens_sealed, member_id,
                COALESCE(further_role, role) AS role, organisation_id,
                organisation.name AS organisation, name_sealed, email_sealed
         FROM console_session
         JOIN member ON member.id = console_session.member_id
         JOIN organisation ON organisation.id = member.organisation_id
         WHERE cookie_hash = $1 AND ended_at IS NULL AND idle_expires_at > $2 AND expires_at > $2
             AND removed_at IS NULL AND closed_at IS NULL",
        &args![cookie_hash, now],
        from_row,
    )
    .await
}

/// Writes down that a session is in use, by its member.
pub async fn seen(
    tx: &mut Tx,
    (id, member): (ConsoleSessionId, MemberId),
    (now, idle): (Timestamp, Timestamp),
) -> Result<(), Error> {
    tx.execute(
        "UPDATE console_session SET last_seen_at = $2, idle_expires_at = $3 WHERE id = $1 AND ended_at IS NULL",
        &args![id, now, idle],
    )
    .await?;
    tx.execute("UPDATE member SET last_seen_at = $2 WHERE id = $1", &args![member, now]).await?;
    Ok(())
}

/// Keeps new tokens of a living session.
pub async fn set_tokens(tx: &mut Tx, keyring: &Keyring, id: ConsoleSessionId, tokens: &str) -> Result<(), Error> {
    let sealed = keyring.seal_text(Category::ProviderTokens, &context("tokens_sealed", id), tokens);
    tx.execute("UPDATE console_session SET tokens_sealed = $2 WHERE id = $1 AND ended_at IS NULL", &args![id, sealed])
        .await?;
    Ok(())
}

/// Ends a session and forgets its tokens; `false` when it had ended.
pub async fn end(tx: &mut Tx, id: ConsoleSessionId, now: Timestamp) -> Result<bool, Error> {
    let ended = tx
        .execute(
            "UPDATE console_session SET ended_at = $2, tokens_sealed = '' WHERE id = $1 AND ended_at IS NULL",
            &args![id, now],
        )
        .await?;
    Ok(ended == 1)
}

fn context(column: &str, id: ConsoleSessionId) -> String {
    format!("console_session.{column}:{id}")
}

fn from_row(row: &Row) -> Result<Session, Error> {
    Ok(Session {
        id: row.id("id")?,
        last_seen_at: row.time("last_seen_at")?,
        expires_at: row.time("expires_at")?,
        tokens_sealed: row.text("tokens_sealed")?,
        member_id: row.id("member_id")?,
        role: row.parse("role")?,
        organisation_id: row.id("organisation_id")?,
        organisation: row.text("organisation")?,
        name_sealed: row.opt_text("name_sealed")?,
        email_sealed: row.opt_text("email_sealed")?,
    })
}

//! People's accounts at outside providers: `connected_account`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::UserId;
use polder_tenant_api::connections::{ConnectedAccountId, ConnectionId};

use crate::connections::identity::Profile;
use crate::connections::revoke::Dropped;
use crate::connections::tokens::Tokens;
use crate::error::Internal;

/// A person's account at a provider.
#[derive(Clone, Debug)]
pub struct ConnectedAccount {
    /// Names it.
    pub id: ConnectedAccountId,
    /// The connection it is at.
    pub connection_id: ConnectionId,
    /// Whose it is.
    pub user_id: UserId,
    /// What the provider said.
    pub profile: Profile,
    /// Whether tokens are kept.
    pub tokens_kept: bool,
    /// When it was connected.
    pub created_at: Timestamp,
    /// When it was last used to sign in.
    pub last_used_at: Option<Timestamp>,
}

/// An account to connect.
#[derive(Debug)]
pub struct NewAccount<'a> {
    /// Names it.
    pub id: ConnectedAccountId,
    /// The connection it is at.
    pub connection_id: ConnectionId,
    /// Whose it is.
    pub user_id: UserId,
    /// The keyed hash it is recognised by.
    pub subject_index: &'a str,
    /// What the provider said.
    pub profile: &'a Profile,
    /// Tokens to keep.
    pub tokens: Option<&'a Tokens>,
}

/// The keyed hash over connection, issuer and subject: what an account is recognised by, and nothing
/// else, least of all an address (B100).
pub fn subject_index(keyring: &Keyring, connection: ConnectionId, issuer: &str, subject: &str) -> String {
    let parts = [connection.as_bytes().as_slice(), issuer.as_bytes(), subject.as_bytes()];
    polder_kernel::encoding::base64url(&keyring.mac("connected-account", &parts))
}

/// The account with this keyed hash.
///
/// # Errors
/// When the database fails or a row cannot be.
pub async fn by_subject(
    tx: &mut Tx,
    keyring: &Keyring,
    subject_index: &str,
) -> Result<Option<ConnectedAccount>, Internal> {
    let sql = "SELECT id, connection_id, user_id, profile_sealed, tokens_sealed, created_at, last_used_at \
               FROM connected_account WHERE subject_index = $1";
    let row = tx.optional(sql, &args![subject_index], Sealed::from_row).await?;
    row.map(|sealed| sealed.open(keyring)).transpose()
}

/// The accounts of a person, in the order they were connected.
///
/// # Errors
/// As [`by_subject`].
pub async fn of_user(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<Vec<ConnectedAccount>, Internal> {
    let sql = "SELECT id, connection_id, user_id, profile_sealed, tokens_sealed, created_at, last_used_at \
               FROM connected_account WHERE user_id = $1 ORDER BY created_at, id";
    let rows = tx.all(sql, &args![user], Sealed::from_row).await?;
    rows.into_iter().map(|sealed| sealed.open(keyring)).collect()
}

/// How many accounts a person connected.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM connected_account WHERE user_id = $1";
    Ok(tx.optional(sql, &args![user], |row| row.int("n")).await?.unwrap_or(0))
}

/// Connects an account. `false` when it is connected already, to whomever: the unique index decides.
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, keyring: &Keyring, new: &NewAccount<'_>, now: Timestamp) -> Result<bool, Internal> {
    let sql = "INSERT INTO connected_account (id, connection_id, user_id, subject_index, profile_sealed, tokens_sealed, \
               created_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (subject_index) DO NOTHING";
    let profile = seal_profile(keyring, new.id, new.profile)?;
    let tokens = seal_tokens(keyring, new.id, new.tokens)?;
    let args = args![new.id, new.connection_id, new.user_id, new.subject_index, profile, tokens, now];
    Ok(tx.execute(sql, &args).await? == 1)
}

/// Notes that an account was used, what the provider says now, and tokens to keep in place of those
/// before; with none to keep, those before go.
///
/// # Errors
/// When the database fails.
pub async fn used(
    tx: &mut Tx,
    keyring: &Keyring,
    id: ConnectedAccountId,
    (profile, tokens): (&Profile, Option<&Tokens>),
    now: Timestamp,
) -> Result<(), Internal> {
    let sql = "UPDATE connected_account SET profile_sealed = $2, tokens_sealed = $3, last_used_at = $4 WHERE id = $1";
    let (profile, tokens) = (seal_profile(keyring, id, profile)?, seal_tokens(keyring, id, tokens)?);
    tx.execute(sql, &args![id, profile, tokens, now]).await?;
    Ok(())
}

/// The tokens that are kept for an account.
///
/// # Errors
/// When the database fails or the seal does not open.
pub async fn tokens(tx: &mut Tx, keyring: &Keyring, id: ConnectedAccountId) -> Result<Option<Tokens>, Internal> {
    let sql = "SELECT tokens_sealed FROM connected_account WHERE id = $1";
    let sealed = tx.optional(sql, &args![id], |row| row.opt_text("tokens_sealed")).await?.flatten();
    let Some(sealed) = sealed else { return Ok(None) };
    let json = keyring.unseal_text(Category::ProviderTokens, &context("tokens_sealed", id), &sealed)?;
    Ok(Some(serde_json::from_str(&json)?))
}

/// All tokens that are kept for a person, to be taken away. One that does not open is passed over: it stops
/// nobody from leaving.
///
/// # Errors
/// When the database fails.
pub async fn dropped(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<Vec<Dropped>, Error> {
    let sql = "SELECT id, connection_id, tokens_sealed FROM connected_account \
               WHERE user_id = $1 AND tokens_sealed IS NOT NULL ORDER BY created_at, id";
    let read = |row: &Row| -> Result<_, Error> {
        let ids: Option<(ConnectedAccountId, ConnectionId)> = row.id("id").ok().zip(row.id("connection_id").ok());
        Ok(ids.zip(row.text("tokens_sealed").ok()))
    };
    let rows = tx.all(sql, &args![user], read).await?;
    let opened = rows.into_iter().flatten().filter_map(|((account, connection), sealed)| {
        let json = keyring.unseal_text(Category::ProviderTokens, &context("tokens_sealed", account), &sealed).ok()?;
        Some(Dropped { account, connection, tokens: serde_json::from_str(&json).ok()? })
    });
    Ok(opened.collect())
}

/// Keeps other tokens, or none.
///
/// # Errors
/// When the database fails.
pub async fn keep_tokens(
    tx: &mut Tx,
    keyring: &Keyring,
    id: ConnectedAccountId,
    tokens: Option<&Tokens>,
) -> Result<(), Internal> {
    let sealed = seal_tokens(keyring, id, tokens)?;
    tx.execute("UPDATE connected_account SET tokens_sealed = $2 WHERE id = $1", &args![id, sealed]).await?;
    Ok(())
}

/// Disconnects an account of this person. True if it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, user: UserId, id: ConnectedAccountId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM connected_account WHERE id = $1 AND user_id = $2", &args![id, user]).await? == 1)
}

struct Sealed {
    id: ConnectedAccountId,
    connection_id: ConnectionId,
    user_id: UserId,
    profile_sealed: String,
    tokens_kept: bool,
    created_at: Timestamp,
    last_used_at: Option<Timestamp>,
}

impl Sealed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id("id")?,
            connection_id: row.id("connection_id")?,
            user_id: row.id("user_id")?,
            profile_sealed: row.text("profile_sealed")?,
            tokens_kept: row.opt_text("tokens_sealed")?.is_some(),
            created_at: row.time("created_at")?,
            last_used_at: row.opt_time("last_used_at")?,
        })
    }

    fn open(self, keyring: &Keyring) -> Result<ConnectedAccount, Internal> {
        let json =
            keyring.unseal_text(Category::Identifiers, &context("profile_sealed", self.id), &self.profile_sealed)?;
        Ok(ConnectedAccount {
            id: self.id,
            connection_id: self.connection_id,
            user_id: self.user_id,
            profile: serde_json::from_str(&json)?,
            tokens_kept: self.tokens_kept,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        })
    }
}

fn seal_profile(keyring: &Keyring, id: ConnectedAccountId, profile: &Profile) -> Result<String, Internal> {
    let json = serde_json::to_string(profile)?;
    Ok(keyring.seal_text(Category::Identifiers, &context("profile_sealed", id), &json))
}

fn seal_tokens(keyring: &Keyring, id: ConnectedAccountId, tokens: Option<&Tokens>) -> Result<Option<String>, Internal> {
    let Some(tokens) = tokens else { return Ok(None) };
    let json = serde_json::to_string(tokens)?;
    Ok(Some(keyring.seal_text(Category::ProviderTokens, &context("tokens_sealed", id), &json)))
}

fn context(column: &str, id: ConnectedAccountId) -> String {
    format!("connected_account.{column}:{id}")
}

//! Credentials: `passkey`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::Timestamp;
use polder_kernel::encoding::from_base64url;
use polder_tenant_api::{PasskeyId, UserId};

use crate::error::Internal;
use crate::model::Passkey;
use crate::model::passkey::Kind;
use crate::passkeys::prove::Proved;

/// The keyed hash that a credential is found by.
pub fn credential_index(keyring: &Keyring, credential_id: &[u8]) -> String {
    keyring.index("passkey-credential", credential_id)
}

/// Adds a passkey. `false` when its credential is somebody's already, removed ones included: the unique
/// index decides, and nothing is overwritten (C13).
///
/// # Errors
/// When the database fails.
pub async fn add(tx: &mut Tx, keyring: &Keyring, passkey: &Passkey) -> Result<bool, Internal> {
    let id = from_base64url(&passkey.credential.id).unwrap_or_default();
    let credential = serde_json::to_string(&passkey.credential)?;
    let rows = tx
        .execute(
            "INSERT INTO passkey (id, user_id, credential_index, credential_sealed, name_sealed, rp_id, kind, \
             backed_up_at, sign_count, created_at, strong_from) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) \
             ON CONFLICT (credential_index) DO NOTHING",
            &args![
                passkey.id,
                passkey.user_id,
                credential_index(keyring, &id),
                keyring.seal_text(Category::Factors, &context("credential_sealed", passkey.id), &credential),
                seal_name(keyring, passkey.id, &passkey.name),
                passkey.rp_id.as_str(),
                passkey.kind.as_str(),
                passkey.backed_up_at,
                i64::from(passkey.sign_count),
                passkey.created_at,
                passkey.strong_from
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// The passkey with this credential id, removed or not.
///
/// # Errors
/// When the database fails.
pub async fn by_credential(tx: &mut Tx, keyring: &Keyring, credential_id: &[u8]) -> Result<Option<Passkey>, Internal> {
    let row = tx
        .optional(
            "SELECT id, user_id, credential_sealed, name_sealed, rp_id, kind, backed_up_at, sign_count, created_at, \
             strong_from, last_used_at, removed_at FROM passkey WHERE credential_index = $1",
            &args![credential_index(keyring, credential_id)],
            Sealed::from_row,
        )
        .await?;
    row.map(|sealed| sealed.open(keyring)).transpose()
}

/// The passkeys of a person, oldest first; removed ones are among them only if they were removed after
/// `removed_since`.
///
/// # Errors
/// When the database fails.
pub async fn of_user(
    tx: &mut Tx,
    keyring: &Keyring,
    user: UserId,
    removed_since: Option<Timestamp>,
) -> Result<Vec<Passkey>, Internal> {
    let since = removed_since.unwrap_or(Timestamp::from_millis(i64::MAX));
    let rows = tx
        .all(
            "SELECT id, user_id, credential_sealed, name_sealed, rp_id, kind, backed_up_at, sign_count, created_at, \
             strong_from, last_used_at, removed_at FROM passkey \
             WHERE user_id = $1 AND (removed_at IS NULL OR removed_at > $2) ORDER BY created_at, id LIMIT 100",
            &args![user, since],
            Sealed::from_row,
        )
        .await?;
    rows.into_iter().map(|sealed| sealed.open(keyring)).collect()
}

/// How many passkeys a person can sign in with.
///
/// # Errors
/// When the database fails.
pub async fn count(tx: &mut Tx, user: UserId) -> Result<i64, Error> {
    let sql = "SELECT COUNT(*) AS n FROM passkey WHERE user_id = $1 AND removed_at IS NULL";
    Ok(tx.optional(sql, &args![user], |row| row.int("n")).await?.unwrap_or(0))
}

/// Notes a use. `false` when the passkey was removed meanwhile, or its counter went past this one: of two
/// answers with one counter the first stands, and it never goes back (C20).
///
/// # Errors
/// When the database fails.
pub async fn used(tx: &mut Tx, passkey: &Passkey, proved: Proved, now: Timestamp) -> Result<bool, Error> {
    let backed_up_at = if proved.backed_up { passkey.backed_up_at.or(Some(now)) } else { None };
    let rows = tx
        .execute(
            "UPDATE passkey SET sign_count = $2, backed_up_at = $3, last_used_at = $4 \
             WHERE id = $1 AND removed_at IS NULL AND (sign_count < $2 OR (sign_count = 0 AND $2 = 0))",
            &args![passkey.id, i64::from(proved.sign_count), backed_up_at, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Gives a passkey of this person another name.
///
/// # Errors
/// When the database fails.
pub async fn rename(tx: &mut Tx, keyring: &Keyring, id: PasskeyId, user: UserId, name: &str) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE passkey SET name_sealed = $3 WHERE id = $1 AND user_id = $2 AND removed_at IS NULL",
            &args![id, user, seal_name(keyring, id, name)],
        )
        .await?;
    Ok(rows == 1)
}

/// Takes a passkey of this person out of use.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id: PasskeyId, user: UserId, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE passkey SET removed_at = $3 WHERE id = $1 AND user_id = $2 AND removed_at IS NULL",
            &args![id, user, now],
        )
        .await?;
    Ok(rows == 1)
}

/// Brings back a passkey that this person removed after `since`.
///
/// # Errors
/// When the database fails.
pub async fn restore(tx: &mut Tx, id: PasskeyId, user: UserId, since: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .execute(
            "UPDATE passkey SET removed_at = NULL WHERE id = $1 AND user_id = $2 AND removed_at > $3",
            &args![id, user, since],
        )
        .await?;
    Ok(rows == 1)
}

fn seal_name(keyring: &Keyring, id: PasskeyId, name: &str) -> String {
    keyring.seal_text(Category::Identifiers, &context("name_sealed", id), name)
}

fn context(column: &str, id: PasskeyId) -> String {
    format!("passkey.{column}:{id}")
}

/// A row as stored.
struct Sealed {
    id: PasskeyId,
    user_id: UserId,
    credential_sealed: String,
    name_sealed: String,
    rp_id: String,
    kind: Kind,
    backed_up_at: Option<Timestamp>,
    sign_count: i64,
    created_at: Timestamp,
    strong_from: Timestamp,
    last_used_at: Option<Timestamp>,
    removed_at: Option<Timestamp>,
}

impl Sealed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id("id")?,
            user_id: row.id("user_id")?,
            credential_sealed: row.text("credential_sealed")?,
            name_sealed: row.text("name_sealed")?,
            rp_id: row.text("rp_id")?,
            kind: row.parse("kind")?,
            backed_up_at: row.opt_time("backed_up_at")?,
            sign_count: row.int("sign_count")?,
            created_at: row.time("created_at")?,
            strong_from: row.time("strong_from")?,
            last_used_at: row.opt_time("last_used_at")?,
            removed_at: row.opt_time("removed_at")?,
        })
    }

    fn open(self, keyring: &Keyring) -> Result<Passkey, Internal> {
        let credential =
            keyring.unseal_text(Category::Factors, &context("credential_sealed", self.id), &self.credential_sealed)?;
        let impossible = Internal::Impossible { table: "passkey", column: "sign_count" };
        Ok(Passkey {
            id: self.id,
            user_id: self.user_id,
            credential: serde_json::from_str(&credential)?,
            name: keyring.unseal_text(Category::Identifiers, &context("name_sealed", self.id), &self.name_sealed)?,
            rp_id: self.rp_id,
            kind: self.kind,
            backed_up_at: self.backed_up_at,
            sign_count: u32::try_from(self.sign_count).map_err(|_| impossible)?,
            created_at: self.created_at,
            strong_from: self.strong_from,
            last_used_at: self.last_used_at,
            removed_at: self.removed_at,
        })
    }
}

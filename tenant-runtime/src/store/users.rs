//! People: `user_account`, `user_role`, `application_invitee`.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Email, Locale, Timestamp};
use polder_tenant_api::{Access, ApplicationId, UserId};

use crate::error::Internal;
use crate::model::User;
use crate::people::Touched;

/// A person to add.
#[derive(Debug)]
pub struct NewUser<'a> {
    /// Names them for ever.
    pub id: UserId,
    /// The address they sign in with.
    pub email: &'a Email,
    /// When they proved it, if they did.
    pub email_verified_at: Option<Timestamp>,
    /// Their name, never empty.
    pub name: Option<&'a str>,
    /// Their language.
    pub locale: Option<Locale>,
}

/// The keyed hash a person is found by.
pub fn email_index(keyring: &Keyring, email: &Email) -> String {
    keyring.index("user-email", email.as_str().as_bytes())
}

/// Adds a person. `false` when the address already has an account: the unique index decides.
pub async fn create(tx: &mut Tx, keyring: &Keyring, user: &NewUser<'_>, now: Timestamp) -> Result<bool, Error> {
    let id = user.id.to_string();
    let name = user.name.map(|n| keyring.seal_text(Category::Identifiers, &context("name_sealed", user.id), n));
    let rows = tx
        .execute(
            "INSERT INTO user_account (id, email_index, email_sealed, email_verified_at, name_sealed, locale, \
             audit_key_wrapped, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) \
             ON CONFLICT (email_index) DO NOTHING",
            &args![
                user.id,
                email_index(keyring, user.email),
                keyring.seal_text(Category::Identifiers, &context("email_sealed", user.id), user.email.as_str()),
                user.email_verified_at,
                name,
                user.locale.map(|l| l.tag()),
                keyring.new_person_key(&id),
                now
            ],
        )
        .await?;
    Ok(touched(tx, user.id, rows))
}

/// The person with this id. Erased people are nobody.
pub async fn by_id(tx: &mut Tx, keyring: &Keyring, id: UserId) -> Result<Option<User>, Internal> {
    let row = tx
        .optional(
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account WHERE id = $1 AND erased_at IS NULL",
            &args![id],
            Sealed::from_row,
        )
        .await?;
    row.map(|sealed| sealed.open(keyring)).transpose()
}

/// The person with this address.
pub async fn by_email(tx: &mut Tx, keyring: &Keyring, email: &Email) -> Result<Option<User>, Internal> {
    let row = tx
        .optional(
            "SELECT id, email_sealed, email_verified_at, name_sealed, locale, audit_key_wrapped, created_at, \
             updated_at, last_sign_in_at, disabled_at FROM user_account \
             WHERE email_index = $1 AND erased_at IS NULL",
            &args![email_index(keyring, email)],
            Sealed::from_row,
        )
        .await?;
    row.map(|sealed| sealed.open(keyring)).transpose()
}

/// The wrapped audit key of a person; `None` once they are erased.
pub async fn audit_key(tx: &mut Tx, id: UserId) -> Result<Option<String>, Error> {
    let found = tx
        .optional("SELECT audit_key_wrapped FROM user_account WHERE id = $1", &args![id], |row| {
            row.opt_text("audit_key_wrapped")
        })
        .await?;
    Ok(found.flatten())
}

/// The roles a person holds, in order.
pub async fn roles(tx: &mut Tx, id: UserId) -> Result<Vec<String>, Error> {
    tx.all("SELECT role FROM user_role WHERE user_id = $1 ORDER BY role", &args![id], |row| row.text("role")).await
}

/// Replaces the roles a person holds.
pub async fn set_roles(tx: &mut Tx, id: UserId, roles: &[String]) -> Result<(), Error> {
    tx.execute("DELETE FROM user_role WHERE user_id = $1", &args![id]).await?;
    for role in roles {
        tx.execute(
            "INSERT INTO user_role (user_id, role) VALUES ($1, $2) ON CONFLICT (user_id, role) DO NOTHING",
            &args![id, role.as_str()],
        )
        .await?;
    }
    touched(tx, id, 1);
    Ok(())
}

/// Whether a person holds a role.
pub async fn has_role(tx: &mut Tx, id: UserId, role: &str) -> Result<bool, Error> {
    let found = tx
        .optional("SELECT role FROM user_role WHERE user_id = $1 AND role = $2", &args![id, role], |row| {
            row.text("role")
        })
        .await?;
    Ok(found.is_some())
}

/// The applications a person was invited to, and when.
pub async fn invitations(tx: &mut Tx, id: UserId) -> Result<Vec<(ApplicationId, Timestamp)>, Error> {
    let sql = "SELECT application_id, created_at FROM application_invitee WHERE user_id = $1 ORDER BY created_at";
    tx.all(sql, &args![id], |row| Ok((row.id("application_id")?, row.time("created_at")?))).await
}

/// Whether an application with this access rule is for a person (P19).
pub async fn is_admitted(tx: &mut Tx, access: &Access, application: ApplicationId, id: UserId) -> Result<bool, Error> {
    match access {
        Access::Everyone => Ok(true),
        Access::Role { role } => has_role(tx, id, role).await,
        Access::Invited => is_invited(tx, application, id).await,
    }
}

/// Whether a person was invited to an application by name.
pub async fn is_invited(tx: &mut Tx, application: ApplicationId, id: UserId) -> Result<bool, Error> {
    let found = tx
        .optional(
            "SELECT created_at FROM application_invitee WHERE application_id = $1 AND user_id = $2",
            &args![application, id],
            |row| row.time("created_at"),
        )
        .await?;
    Ok(found.is_some())
}

/// Notes a sign-in.
pub async fn signed_in(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE user_account SET last_sign_in_at = $2 WHERE id = $1", &args![id, now]).await?;
    Ok(())
}

/// Notes a proof of the address.
pub async fn address_proved(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE user_account SET email_verified_at = $2 WHERE id = $1 AND email_verified_at IS NULL";
    let rows = tx.execute(sql, &args![id, now]).await?;
    touched(tx, id, rows);
    Ok(())
}

/// Sets the name, which must not be empty.
pub async fn set_name(tx: &mut Tx, keyring: &Keyring, id: UserId, name: &str, now: Timestamp) -> Result<bool, Error> {
    let sealed = keyring.seal_text(Category::Identifiers, &context("name_sealed", id), name);
    let rows = tx
        .execute(
            "UPDATE user_account SET name_sealed = $2, updated_at = $3 WHERE id = $1 AND erased_at IS NULL",
            &args![id, sealed, now],
        )
        .await?;
    Ok(touched(tx, id, rows))
}

/// Sets the address, proved just now. `false` when somebody else has it.
pub async fn set_email(
    tx: &mut Tx,
    keyring: &Keyring,
    id: UserId,
    email: &Email,
    now: Timestamp,
) -> Result<bool, Error> {
    let sealed = keyring.seal_text(Category::Identifiers, &context("email_sealed", id), email.as_str());
    let rows = tx
        .execute(
            "UPDATE user_account SET email_index = $2, email_sealed = $3, email_verified_at = $4, updated_at = $4 \
             WHERE id = $1 AND erased_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM user_account o WHERE o.email_index = $2 AND o.id <> $1)",
            &args![id, email_index(keyring, email), sealed, now],
        )
        .await?;
    Ok(touched(tx, id, rows))
}

/// Sets an address that an administrator says is theirs: nobody proved it yet. `false` when somebody else has it.
pub async fn set_unproved_email(
    tx: &mut Tx,
    keyring: &Keyring,
    id: UserId,
    email: &Email,
    now: Timestamp,
) -> Result<bool, Error> {
    let sealed = keyring.seal_text(Category::Identifiers, &context("email_sealed", id), email.as_str());
    let rows = tx
        .execute(
            "UPDATE user_account SET email_index = $2, email_sealed = $3, email_verified_at = NULL, updated_at = $4 \
             WHERE id = $1 AND erased_at IS NULL \
             AND NOT EXISTS (SELECT 1 FROM user_account o WHERE o.email_index = $2 AND o.id <> $1)",
            &args![id, email_index(keyring, email), sealed, now],
        )
        .await?;
    Ok(touched(tx, id, rows))
}

/// Sets the language.
pub async fn set_locale(tx: &mut Tx, id: UserId, locale: Locale, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE user_account SET locale = $2, updated_at = $3 WHERE id = $1", &args![id, locale.tag(), now])
        .await?;
    Ok(())
}

/// Stops or allows signing in. The caller ends sessions and grants in the same unit.
pub async fn set_disabled(tx: &mut Tx, id: UserId, at: Option<Timestamp>, now: Timestamp) -> Result<(), Error> {
    tx.execute("UPDATE user_account SET disabled_at = $2, updated_at = $3 WHERE id = $1", &args![id, at, now]).await?;
    touched(tx, id, 1);
    Ok(())
}

/// Erases a person: only the id stays, so that a subject identifier is never given twice. Without
/// the wrapped audit key their audit details cannot be read again, and the chain still verifies.
/// Messages to them go, since the recipient is in them.
pub async fn erase(tx: &mut Tx, id: UserId, now: Timestamp) -> Result<bool, Error> {
    let rows = tx
        .batch(
            &[
                "UPDATE user_account SET email_index = NULL, email_sealed = NULL, email_verified_at = NULL, \
                 name_sealed = NULL, locale = NULL, audit_key_wrapped = NULL, last_sign_in_at = NULL, \
                 disabled_at = COALESCE(disabled_at, $2), erased_at = $2, updated_at = $2 \
                 WHERE id = $1 AND erased_at IS NULL",
                "DELETE FROM user_role WHERE user_id = $1",
                "DELETE FROM application_invitee WHERE user_id = $1",
                "DELETE FROM outbox WHERE user_id = $1",
                "DELETE FROM authorization_code WHERE user_id = $1",
                "DELETE FROM device_authorization WHERE user_id = $1",
                "DELETE FROM oauth_grant WHERE user_id = $1",
                "DELETE FROM session WHERE user_id = $1",
                "DELETE FROM connected_account WHERE user_id = $1",
                "DELETE FROM passkey WHERE user_id = $1",
                "DELETE FROM passkey_owner WHERE user_id = $1",
                "DELETE FROM consent WHERE user_id = $1",
                "DELETE FROM totp_factor WHERE user_id = $1",
                "DELETE FROM totp_enrolment WHERE user_id = $1",
                "DELETE FROM recovery_code WHERE user_id = $1",
                "DELETE FROM recovery_set WHERE user_id = $1",
                "DELETE FROM factor_tries WHERE user_id = $1",
                "DELETE FROM awaited_factor WHERE user_id = $1",
                "DELETE FROM known_browser WHERE user_id = $1",
                "DELETE FROM address_code WHERE user_id = $1",
                "DELETE FROM address_change WHERE user_id = $1",
                "DELETE FROM factor_recovery WHERE user_id = $1",
                "DELETE FROM lockout WHERE user_id = $1",
                "DELETE FROM profile_value WHERE user_id = $1",
            ],
            &args![id, now],
        )
        .await?;
    Ok(touched(tx, id, rows.first().copied().unwrap_or(0)))
}

/// Tells whoever keeps people by name that this one changed, where a row did.
fn touched(tx: &mut Tx, id: UserId, rows: u64) -> bool {
    if rows == 1 {
        tx.append(Box::new(Touched(id)));
    }
    rows == 1
}

fn context(column: &str, id: UserId) -> String {
    format!("user_account.{column}:{id}")
}

/// A row as stored. [`super::sessions`] reads it joined to a session.
#[derive(Debug)]
pub struct Sealed {
    id: UserId,
    email_sealed: String,
    email_verified_at: Option<Timestamp>,
    name_sealed: Option<String>,
    locale: Option<String>,
    audit_key_wrapped: Option<String>,
    created_at: Timestamp,
    updated_at: Timestamp,
    last_sign_in_at: Option<Timestamp>,
    disabled_at: Option<Timestamp>,
}

impl Sealed {
    /// Reads the row.
    pub fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            id: row.id("id")?,
            email_sealed: row.text("email_sealed")?,
            email_verified_at: row.opt_time("email_verified_at")?,
            name_sealed: row.opt_text("name_sealed")?,
            locale: row.opt_text("locale")?,
            audit_key_wrapped: row.opt_text("audit_key_wrapped")?,
            created_at: row.time("created_at")?,
            updated_at: row.time("updated_at")?,
            last_sign_in_at: row.opt_time("last_sign_in_at")?,
            disabled_at: row.opt_time("disabled_at")?,
        })
    }

    /// Opens the seals.
    pub fn open(self, keyring: &Keyring) -> Result<User, Internal> {
        let email =
            keyring.unseal_text(Category::Identifiers, &context("email_sealed", self.id), &self.email_sealed)?;
        let email =
            email.parse().map_err(|_| Internal::Impossible { table: "user_account", column: "email_sealed" })?;
        let name = match &self.name_sealed {
            Some(sealed) => {
                Some(keyring.unseal_text(Category::Identifiers, &context("name_sealed", self.id), sealed)?)
            }
            None => None,
        };
        Ok(User {
            id: self.id,
            email,
            email_verified_at: self.email_verified_at,
            name,
            locale: self.locale.as_deref().and_then(|tag| tag.parse().ok()),
            audit_key_wrapped: self.audit_key_wrapped,
            created_at: self.created_at,
            updated_at: self.updated_at,
            last_sign_in_at: self.last_sign_in_at,
            disabled_at: self.disabled_at,
        })
    }
}

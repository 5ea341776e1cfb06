//! Authenticator apps: `totp_factor`, and `totp_enrolment` while one is being set up. Secrets are sealed.

use polder_crypto::{Category, Keyring, TotpSecret};
use polder_db::{Error, Tx, args};
use polder_kernel::Timestamp;
use polder_tenant_api::{SessionId, UserId};

use crate::error::Internal;

/// An app that was set up.
#[derive(Debug)]
pub struct TotpFactor {
    /// What it shares with us.
    pub secret: TotpSecret,
    /// When it was set up.
    pub created_at: Timestamp,
    /// When a code of it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// The app of a person.
pub async fn of_user(tx: &mut Tx, keyring: &Keyring, user: UserId) -> Result<Option<TotpFactor>, Internal> {
    let row = tx
        .optional(
            "SELECT secret_sealed, created_at, last_used_at FROM totp_factor WHERE user_id = $1",
            &args![user],
            |row| Ok((row.text("secret_sealed")?, row.time("created_at")?, row.opt_time("last_used_at")?)),
        )
        .await?;
    let Some((sealed, created_at, last_used_at)) = row else { return Ok(None) };
    let secret = open(keyring, &factor_context(user), &sealed, "totp_factor")?;
    Ok(Some(TotpFactor { secret, created_at, last_used_at }))
}

/// Whether a person has an app.
pub async fn has(tx: &mut Tx, user: UserId) -> Result<bool, Error> {
    let sql = "SELECT created_at FROM totp_factor WHERE user_id = $1";
    Ok(tx.optional(sql, &args![user], |row| row.time("created_at")).await?.is_some())
}

/// Uses a step up. `false` when it, or a later one, was used before: of many parallel uses one wins.
pub async fn accept_step(tx: &mut Tx, user: UserId, step: i64, now: Timestamp) -> Result<bool, Error> {
    let sql = "UPDATE totp_factor SET last_step = $2, last_used_at = $3 WHERE user_id = $1 AND last_step < $2";
    Ok(tx.execute(sql, &args![user, step, now]).await? == 1)
}

/// Puts an app in the place of whatever there was. `step` confirmed it and is used up.
pub async fn put(
    tx: &mut Tx,
    keyring: &Keyring,
    user: UserId,
    secret: &TotpSecret,
    (step, now): (i64, Timestamp),
) -> Result<(), Error> {
    let sealed = keyring.seal(Category::Factors, &factor_context(user), secret.expose());
    tx.execute(
        "INSERT INTO totp_factor (user_id, secret_sealed, last_step, created_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id) DO UPDATE SET secret_sealed = $2, last_step = $3, created_at = $4, last_used_at = NULL",
        &args![user, sealed, step, now],
    )
    .await?;
    Ok(())
}

/// Removes the app and everything that stands in for it. `false` when there was none.
pub async fn remove(tx: &mut Tx, user: UserId) -> Result<bool, Error> {
    let rows = tx
        .batch(
            &[
                "DELETE FROM totp_factor WHERE user_id = $1",
                "DELETE FROM totp_enrolment WHERE user_id = $1",
                "DELETE FROM recovery_code WHERE user_id = $1",
                "DELETE FROM recovery_set WHERE user_id = $1",
                "DELETE FROM factor_tries WHERE user_id = $1",
                "DELETE FROM awaited_factor WHERE user_id = $1",
            ],
            &args![user],
        )
        .await?;
    Ok(rows.first() == Some(&1))
}

/// Keeps a secret that is shown until it is confirmed, in the place of one shown before.
pub async fn begin(
    tx: &mut Tx,
    keyring: &Keyring,
    (user, session): (UserId, SessionId),
    secret: &TotpSecret,
    (now, expires_at): (Timestamp, Timestamp),
) -> Result<(), Error> {
    let sealed = keyring.seal(Category::Factors, &enrolment_context(user), secret.expose());
    tx.execute(
        "INSERT INTO totp_enrolment (user_id, session_id, secret_sealed, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET session_id = $2, secret_sealed = $3, \
         created_at = $4, expires_at = $5",
        &args![user, session, sealed, now, expires_at],
    )
    .await?;
    Ok(())
}

/// The secret this session is being shown.
pub async fn begun(
    tx: &mut Tx,
    keyring: &Keyring,
    (user, session): (UserId, SessionId),
    now: Timestamp,
) -> Result<Option<TotpSecret>, Internal> {
    let sealed = tx
        .optional(
            "SELECT secret_sealed FROM totp_enrolment WHERE user_id = $1 AND session_id = $2 AND expires_at > $3",
            &args![user, session, now],
            |row| row.text("secret_sealed"),
        )
        .await?;
    sealed.map(|sealed| open(keyring, &enrolment_context(user), &sealed, "totp_enrolment")).transpose()
}

/// Ends the showing. `false` when it had ended: of two confirmations one counts.
pub async fn end(tx: &mut Tx, user: UserId) -> Result<bool, Error> {
    Ok(tx.execute("DELETE FROM totp_enrolment WHERE user_id = $1", &args![user]).await? == 1)
}

fn open(keyring: &Keyring, context: &str, sealed: &str, table: &'static str) -> Result<TotpSecret, Internal> {
    let bytes = keyring.unseal(Category::Factors, context, sealed)?;
    TotpSecret::from_bytes(bytes.expose()).ok_or(Internal::Impossible { table, column: "secret_sealed" })
}

fn factor_context(user: UserId) -> String {
    format!("totp_factor.secret_sealed:{user}")
}

fn enrolment_context(user: UserId) -> String {
    format!("totp_enrolment.secret_sealed:{user}")
}

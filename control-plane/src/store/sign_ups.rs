//! Addresses that asked for an organisation of their own: one row each, however often they ask.

use polder_crypto::{Category, Keyring, SealError};
use polder_db::{Error, Tx, args};
use polder_kernel::{Email, Locale, Timestamp};

use super::members::email_hash;

/// An address that asks.
#[derive(Clone)]
pub struct Asking {
    /// The address.
    pub email: Email,
    /// The language of the mail.
    pub locale: Locale,
    /// The keyed hash of the link's token.
    pub token_hash: String,
    /// The token, kept until the mail is handed on.
    pub token: String,
    /// Now, until when the link can be used, and since when another mail would be too soon.
    pub times: (Timestamp, Timestamp, Timestamp),
    /// How many mails one address gets before it is left alone until its last link ran out.
    pub most: i64,
}

/// Writes down that an address asks, with a link in place of the one before. `false` when it asked just now, or too
/// often.
pub async fn ask(tx: &mut Tx, keyring: &Keyring, asking: &Asking) -> Result<bool, Error> {
    let hash = email_hash(keyring, &asking.email);
    let (now, until, too_soon) = asking.times;
    let seal = |column: &str, text: &str| keyring.seal_text(Category::Identifiers, &context(column, &hash), text);
    let asked = tx
        .execute(
            "INSERT INTO sign_up
                 (email_hash, email_sealed, locale, token_hash, token_sealed, mail_due_at, mail_tries, sent, sent_at,
                  expires_at)
             VALUES ($1, $2, $3, $4, $5, $6, 0, 1, $6, $7)
             ON CONFLICT (email_hash) DO UPDATE SET
                 email_sealed = excluded.email_sealed, locale = excluded.locale, token_hash = excluded.token_hash,
                 token_sealed = excluded.token_sealed, mail_due_at = excluded.mail_due_at, mail_tries = 0,
                 sent = CASE WHEN sign_up.expires_at <= excluded.sent_at THEN 1 ELSE sign_up.sent + 1 END,
                 sent_at = excluded.sent_at, expires_at = excluded.expires_at, subject = NULL, organisation = NULL,
                 used_at = NULL
             WHERE sign_up.sent_at <= $8 AND (sign_up.sent < $9 OR sign_up.expires_at <= excluded.sent_at)",
            &args![
                hash.as_str(),
                seal("email_sealed", asking.email.as_str()),
                asking.locale.tag(),
                asking.token_hash.as_str(),
                seal("token_sealed", &asking.token),
                now,
                until,
                too_soon,
                asking.most
            ],
        )
        .await?;
    Ok(asked == 1)
}

/// How many addresses asked since, counted up to `most`.
pub async fn asked_since(tx: &mut Tx, since: Timestamp, most: i64) -> Result<i64, Error> {
    let counted = tx
        .optional(
            "SELECT COUNT(*) AS n FROM (SELECT email_hash FROM sign_up WHERE sent_at > $1 LIMIT $2) AS recent",
            &args![since, most],
            |row| row.int("n"),
        )
        .await?;
    Ok(counted.unwrap_or_default())
}

/// The address that a link is for, while it can be used.
pub async fn open(tx: &mut Tx, keyring: &Keyring, token_hash: &str, now: Timestamp) -> Result<Option<Email>, Error> {
    let found = tx
        .optional(
            "SELECT email_hash, email_sealed FROM sign_up WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2",
            &args![token_hash, now],
            |row| Ok((row.text("email_hash")?, row.text("email_sealed")?)),
        )
        .await?;
    let Some((hash, sealed)) = found else { return Ok(None) };
    let text = keyring.unseal_text(Category::Identifiers, &context("email_sealed", &hash), &sealed);
    let unreadable = || Error::Column { column: "sign_up.email_sealed".to_owned(), problem: "holds no address" };
    text.ok().and_then(|text| text.parse().ok()).ok_or_else(unreadable).map(Some)
}

/// Binds a link to a person at the tenant `platform` and a name for the organisation. `false` when it cannot be used.
pub async fn bind(
    tx: &mut Tx,
    token_hash: &str,
    (subject, organisation): (&str, &str),
    now: Timestamp,
) -> Result<bool, Error> {
    let bound = tx
        .execute(
            "UPDATE sign_up SET subject = $2, organisation = $3
             WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $4",
            &args![token_hash, subject, organisation, now],
        )
        .await?;
    Ok(bound == 1)
}

/// Uses up the link that this person, who proved its address, signs in for: the organisation's name.
pub async fn consume(
    tx: &mut Tx,
    (token_hash, subject, email_hash): (&str, &str, &str),
    now: Timestamp,
) -> Result<Option<String>, Error> {
    tx.optional(
        "UPDATE sign_up SET used_at = $3, token_sealed = NULL, mail_due_at = NULL
         WHERE email_hash = $2 AND subject = $1 AND token_hash = $4 AND organisation IS NOT NULL AND used_at IS NULL
             AND expires_at > $3
         RETURNING organisation",
        &args![subject, email_hash, now, token_hash],
        |row| row.text("organisation"),
    )
    .await
}

/// A mail that is to be sent.
#[derive(Clone)]
pub struct Due {
    /// The language.
    pub locale: Locale,
    /// Until when the link can be used.
    pub expires_at: Timestamp,
    /// How many times it was tried.
    pub tries: i64,
    token_hash: String,
    email_hash: String,
    email_sealed: String,
    token_sealed: String,
}

impl Due {
    /// To whom, and the token of the link.
    ///
    /// # Errors
    /// When they were sealed under another key.
    pub fn letter(&self, keyring: &Keyring) -> Result<(String, String), SealError> {
        let open = |column, sealed: &str| {
            keyring.unseal_text(Category::Identifiers, &context(column, &self.email_hash), sealed)
        };
        Ok((open("email_sealed", &self.email_sealed)?, open("token_sealed", &self.token_sealed)?))
    }

    /// Names the message.
    pub fn name(&self) -> &str {
        &self.token_hash
    }
}

/// At most ten mails that are due.
pub async fn due(tx: &mut Tx, now: Timestamp) -> Result<Vec<Due>, Error> {
    tx.all(
        "SELECT locale, expires_at, mail_tries, token_hash, email_hash, email_sealed, token_sealed FROM sign_up
         WHERE mail_due_at IS NOT NULL AND mail_due_at <= $1 AND token_sealed IS NOT NULL
         ORDER BY mail_due_at LIMIT 10",
        &args![now],
        |row| {
            Ok(Due {
                locale: row.parse("locale")?,
                expires_at: row.time("expires_at")?,
                tries: row.int("mail_tries")?,
                token_hash: row.text("token_hash")?,
                email_hash: row.text("email_hash")?,
                email_sealed: row.text("email_sealed")?,
                token_sealed: row.text("token_sealed")?,
            })
        },
    )
    .await
}

/// The mail was handed on, or never will be: the token is forgotten. With `again`, it is tried then.
pub async fn tried(tx: &mut Tx, due: &Due, again: Option<Timestamp>) -> Result<(), Error> {
    tx.execute(
        "UPDATE sign_up SET mail_tries = mail_tries + 1, mail_due_at = $2,
             token_sealed = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL ELSE token_sealed END
         WHERE token_hash = $1",
        &args![due.token_hash.as_str(), again],
    )
    .await?;
    Ok(())
}

fn context(column: &str, hash: &str) -> String {
    format!("sign_up.{column}:{hash}")
}

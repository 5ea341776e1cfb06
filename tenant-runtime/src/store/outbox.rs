//! Outbound messages: `outbox`, the queue and the transparency log in one (P7). Recipient and
//! parameters are sealed; parameters are blanked once handed over or expired.

use polder_crypto::{Category, Keyring};
use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Email, Locale, Timestamp};
use polder_tenant_api::UserId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

pub use polder_tenant_api::{MessageId, MessageKind};

use crate::error::Internal;

/// A message to send.
#[derive(Debug)]
pub struct NewMessage<'a, P> {
    /// Names it.
    pub id: MessageId,
    /// Which mail it is.
    pub template: &'static str,
    /// Its language.
    pub locale: Locale,
    /// The person it goes to, where there is an account.
    pub user_id: Option<UserId>,
    /// The address it goes to.
    pub recipient: &'a Email,
    /// What the template is filled with.
    pub parameters: &'a P,
    /// When it is of no more use.
    pub expires_at: Timestamp,
}

/// A message that is due.
#[derive(Debug)]
pub struct Due {
    /// Names it.
    pub id: MessageId,
    /// Which mail it is.
    pub template: String,
    /// Its language.
    pub locale: Locale,
    /// How often sending it failed.
    pub attempts: i64,
    /// When it is of no more use.
    pub expires_at: Timestamp,
    recipient_sealed: String,
    parameters_sealed: Option<String>,
}

impl Due {
    /// Where it goes.
    pub fn recipient(&self, keyring: &Keyring) -> Result<Email, Internal> {
        recipient(keyring, self.id, &self.recipient_sealed)
    }

    /// What its template is filled with.
    pub fn parameters<P: DeserializeOwned>(&self, keyring: &Keyring) -> Result<P, Internal> {
        let blank = Internal::Impossible { table: "outbox", column: "parameters_sealed" };
        let sealed = self.parameters_sealed.as_deref().ok_or(blank)?;
        let json = keyring.unseal_text(Category::Messages, &parameters_context(self.id), sealed)?;
        Ok(serde_json::from_str(&json)?)
    }
}

/// Puts a message into the queue, if `wanted`. The statement runs either way, so that a request
/// which sends nothing takes as long as one that does (D10).
pub async fn put<P: Serialize>(
    tx: &mut Tx,
    keyring: &Keyring,
    message: &NewMessage<'_, P>,
    wanted: bool,
    now: Timestamp,
) -> Result<(), Internal> {
    let recipient =
        keyring.seal_text(Category::Identifiers, &recipient_context(message.id), message.recipient.as_str());
    let json = serde_json::to_string(message.parameters)?;
    let parameters = keyring.seal_text(Category::Messages, &parameters_context(message.id), &json);
    tx.execute(
        "INSERT INTO outbox (id, template, locale, user_id, recipient_sealed, parameters_sealed, created_at, \
         expires_at, attempts, next_attempt_at, recipient_index) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), \
         CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS BIGINT), CAST($8 AS BIGINT), 0, \
         CAST($7 AS BIGINT), CAST($10 AS TEXT) WHERE CAST($9 AS BIGINT) = 1",
        &args![
            message.id,
            message.template,
            message.locale.tag(),
            message.user_id,
            recipient,
            parameters,
            now,
            message.expires_at,
            i64::from(wanted),
            recipient_index(keyring, message.recipient)
        ],
    )
    .await?;
    Ok(())
}

/// The messages that are due at `now`, oldest first.
pub async fn due(tx: &mut Tx, now: Timestamp, limit: i64) -> Result<Vec<Due>, Error> {
    tx.all(
        "SELECT id, template, locale, attempts, expires_at, recipient_sealed, parameters_sealed FROM outbox \
         WHERE next_attempt_at IS NOT NULL AND next_attempt_at <= $1 ORDER BY next_attempt_at, id LIMIT $2",
        &args![now, limit],
        |row: &Row| {
            Ok(Due {
                id: row.id("id")?,
                template: row.text("template")?,
                locale: row.parse("locale")?,
                attempts: row.int("attempts")?,
                expires_at: row.time("expires_at")?,
                recipient_sealed: row.text("recipient_sealed")?,
                parameters_sealed: row.opt_text("parameters_sealed")?,
            })
        },
    )
    .await
}

/// A message as its recipient may see it.
#[derive(Debug)]
pub struct Logged {
    /// Names it.
    pub id: MessageId,
    /// Which mail it is.
    pub template: String,
    /// Where it went, unsealed.
    pub recipient: Option<Email>,
    /// What became of it.
    pub outcome: Outcome,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it left.
    pub sent_at: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
}

/// Every message to a person or their address, oldest first.
pub async fn of_user(tx: &mut Tx, keyring: &Keyring, user: UserId, address: &Email) -> Result<Vec<Logged>, Internal> {
    let mut rows = tx
        .all(
            "SELECT id, template, recipient_sealed, outcome_sealed, created_at, sent_at, failed_at FROM outbox \
             WHERE user_id = $1 OR recipient_index = $2 ORDER BY created_at, id",
            &args![user, recipient_index(keyring, address)],
            |row: &Row| {
                let logged = Logged {
                    id: row.id("id")?,
                    template: row.text("template")?,
                    recipient: None,
                    outcome: Outcome::default(),
                    created_at: row.time("created_at")?,
                    sent_at: row.opt_time("sent_at")?,
                    failed_at: row.opt_time("failed_at")?,
                };
                Ok((logged, row.text("recipient_sealed")?, row.opt_text("outcome_sealed")?))
            },
        )
        .await?;
    for (logged, sealed, outcome) in &mut rows {
        logged.recipient = Some(recipient(keyring, logged.id, sealed)?);
        logged.outcome = Outcome::open(keyring, logged.id, outcome.as_deref())?;
    }
    Ok(rows.into_iter().map(|(logged, ..)| logged).collect())
}

/// When the newest message of this kind to a person was written.
pub async fn last_of(tx: &mut Tx, user: UserId, template: &str) -> Result<Option<Timestamp>, Error> {
    tx.optional(
        "SELECT created_at FROM outbox WHERE user_id = $1 AND template = $2 ORDER BY created_at DESC LIMIT 1",
        &args![user, template],
        |row| row.time("created_at"),
    )
    .await
}

/// Removes every message to an address: its person is being erased.
pub async fn forget_address(tx: &mut Tx, keyring: &Keyring, address: &Email) -> Result<(), Error> {
    tx.execute("DELETE FROM outbox WHERE recipient_index = $1", &args![recipient_index(keyring, address)]).await?;
    Ok(())
}

/// What became of a message: kept sealed, since a mail server's answer may name whom it was for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its subject, without a code.
    pub subject: Option<String>,
    /// What the mail server answered to the last attempt.
    pub answer: Option<String>,
}

impl Outcome {
    fn sealed(&self, keyring: &Keyring, id: MessageId) -> Result<String, Internal> {
        Ok(keyring.seal_text(Category::Messages, &outcome_context(id), &serde_json::to_string(self)?))
    }

    /// Opens the seal.
    ///
    /// # Errors
    /// When it does not open.
    pub fn open(keyring: &Keyring, id: MessageId, sealed: Option<&str>) -> Result<Self, Internal> {
        let Some(sealed) = sealed else { return Ok(Self::default()) };
        let json = keyring.unseal_text(Category::Messages, &outcome_context(id), sealed)?;
        Ok(serde_json::from_str(&json)?)
    }
}

/// When the next message is due.
pub async fn next_due(tx: &mut Tx) -> Result<Option<Timestamp>, Error> {
    tx.optional(
        "SELECT next_attempt_at FROM outbox WHERE next_attempt_at IS NOT NULL ORDER BY next_attempt_at LIMIT 1",
        &args![],
        |row| row.time("next_attempt_at"),
    )
    .await
}

/// Notes that a message was handed over, and blanks what it said.
pub async fn sent(
    tx: &mut Tx,
    keyring: &Keyring,
    id: MessageId,
    outcome: &Outcome,
    now: Timestamp,
) -> Result<(), Internal> {
    tx.execute(
        "UPDATE outbox SET sent_at = $2, next_attempt_at = NULL, parameters_sealed = NULL, attempts = attempts + 1, \
         failure = NULL, outcome_sealed = $3 WHERE id = $1 AND sent_at IS NULL",
        &args![id, now, outcome.sealed(keyring, id)?],
    )
    .await?;
    Ok(())
}

/// Notes a failure that may pass.
pub async fn retry(
    tx: &mut Tx,
    keyring: &Keyring,
    id: MessageId,
    (next, failure): (Timestamp, &'static str),
    outcome: &Outcome,
) -> Result<(), Internal> {
    tx.execute(
        "UPDATE outbox SET attempts = attempts + 1, next_attempt_at = $2, failure = $3, outcome_sealed = $4 \
         WHERE id = $1 AND next_attempt_at IS NOT NULL",
        &args![id, next, failure, outcome.sealed(keyring, id)?],
    )
    .await?;
    Ok(())
}

/// Gives a message up, and blanks what it said.
/// What became of it before stays where there is nothing new.
pub async fn give_up(
    tx: &mut Tx,
    keyring: &Keyring,
    id: MessageId,
    (now, failure): (Timestamp, &'static str),
    outcome: &Outcome,
) -> Result<(), Internal> {
    let said = (*outcome != Outcome::default()).then(|| outcome.sealed(keyring, id)).transpose()?;
    tx.execute(
        "UPDATE outbox SET failed_at = $2, next_attempt_at = NULL, parameters_sealed = NULL, failure = $3, \
         outcome_sealed = COALESCE(CAST($4 AS TEXT), outcome_sealed) \
         WHERE id = $1 AND sent_at IS NULL AND failed_at IS NULL",
        &args![id, now, failure, said],
    )
    .await?;
    Ok(())
}

/// Gives up what has expired and blanks what it said (D07). Gives how many there were.
pub async fn blank_expired(tx: &mut Tx, now: Timestamp) -> Result<u64, Error> {
    tx.execute(
        "UPDATE outbox SET failed_at = $1, next_attempt_at = NULL, parameters_sealed = NULL, \
         failure = 'expired before it could be sent' WHERE next_attempt_at IS NOT NULL AND expires_at <= $1",
        &args![now],
    )
    .await
}

pub(super) fn recipient(keyring: &Keyring, id: MessageId, sealed: &str) -> Result<Email, Internal> {
    let text = keyring.unseal_text(Category::Identifiers, &recipient_context(id), sealed)?;
    text.parse().map_err(|_| Internal::Impossible { table: "outbox", column: "recipient_sealed" })
}

pub(super) fn recipient_index(keyring: &Keyring, address: &Email) -> String {
    keyring.index("message-recipient", address.as_str().as_bytes())
}

fn outcome_context(id: MessageId) -> String {
    format!("outbox.outcome_sealed:{id}")
}

fn recipient_context(id: MessageId) -> String {
    format!("outbox.recipient_sealed:{id}")
}

fn parameters_context(id: MessageId) -> String {
    format!("outbox.parameters_sealed:{id}")
}

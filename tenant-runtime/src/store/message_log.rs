//! The outbox as the log of messages (P7): what was sent, what waits, what was given up.

use polder_crypto::Keyring;
use polder_db::{Error, Row, Tx, Value, args};
use polder_kernel::{Email, Locale, Timestamp};
use polder_tenant_api::{ByCreation, MessageId, MessageState, UserId};

use super::outbox::{Outcome, recipient, recipient_index};
use crate::error::Internal;

/// A message in the log.
#[derive(Debug)]
pub struct Entry {
    /// Names it.
    pub id: MessageId,
    /// Which mail it is.
    pub template: String,
    /// Its language.
    pub locale: Locale,
    /// Whose it is, where there was an account.
    pub user_id: Option<UserId>,
    /// Where it goes.
    pub recipient: Email,
    /// What became of it.
    pub outcome: Outcome,
    /// When it was written.
    pub created_at: Timestamp,
    /// When it is of no more use.
    pub expires_at: Timestamp,
    /// How often it was tried.
    pub attempts: i64,
    /// When it is tried next.
    pub next_attempt_at: Option<Timestamp>,
    /// When it left.
    pub sent_at: Option<Timestamp>,
    /// When it was given up.
    pub failed_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
}

/// Which messages are wanted.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// All, or all that have come so far.
    Any(Option<MessageState>),
    /// Those to a person or to the address they have now, and of those the ones that have come so far.
    Of(UserId, Email, Option<MessageState>),
}

/// A page of the log in an order, from where `cursor` left off. A statement for each question, so that each has its
/// index.
///
/// # Errors
/// When the database fails or a value does not open.
pub async fn page(
    tx: &mut Tx,
    keyring: &Keyring,
    (wanted, order): (&Wanted, ByCreation),
    cursor: Option<(Timestamp, MessageId)>,
    limit: i64,
) -> Result<Vec<Entry>, Internal> {
    let begin = match order {
        ByCreation::Newest => i64::MAX,
        ByCreation::Oldest => i64::MIN,
    };
    let at = cursor.map_or(Timestamp::from_millis(begin), |(at, _)| at);
    let id = cursor.map(|(_, id)| id.to_string()).unwrap_or_default();
    match wanted {
        Wanted::Any(state) => {
            let sql = match order {
                ByCreation::Newest => newest(*state),
                ByCreation::Oldest => oldest(*state),
            };
            rows(tx, keyring, sql, &args![at, id, limit]).await
        }
        Wanted::Of(user, address, state) => {
            let state = state.map(MessageState::as_str);
            let sql = match order {
                ByCreation::Newest => {
                    "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, \
                     attempts, next_attempt_at, sent_at, failed_at, failure FROM outbox \
                     WHERE (user_id = $4 OR recipient_index = $5) \
                     AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
                     AND (CAST($6 AS TEXT) IS NULL OR $6 = CASE WHEN sent_at IS NOT NULL THEN 'sent' \
                     WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END) \
                     ORDER BY created_at DESC, id DESC LIMIT $3"
                }
                ByCreation::Oldest => {
                    "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, \
                     attempts, next_attempt_at, sent_at, failed_at, failure FROM outbox \
                     WHERE (user_id = $4 OR recipient_index = $5) \
                     AND (created_at > $1 OR (created_at = $1 AND id > $2)) \
                     AND (CAST($6 AS TEXT) IS NULL OR $6 = CASE WHEN sent_at IS NOT NULL THEN 'sent' \
                     WHEN failed_at IS NOT NULL THEN 'failed' ELSE 'waiting' END) \
                     ORDER BY created_at, id LIMIT $3"
                }
            };
            rows(tx, keyring, sql, &args![at, id, limit, *user, recipient_index(keyring, address), state]).await
        }
    }
}

/// One message.
///
/// # Errors
/// As [`page`].
pub async fn one(tx: &mut Tx, keyring: &Keyring, id: MessageId) -> Result<Option<Entry>, Internal> {
    let sql = "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
               next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE id = $1";
    Ok(rows(tx, keyring, sql, &args![id]).await?.pop())
}

const fn newest(state: Option<MessageState>) -> &'static str {
    match state {
        None => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox \
             WHERE created_at <= $1 AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
        Some(MessageState::Sent) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE sent_at IS NOT NULL \
             AND created_at <= $1 AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
        Some(MessageState::Failed) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE failed_at IS NOT NULL \
             AND created_at <= $1 AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
        Some(MessageState::Waiting) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE next_attempt_at IS NOT NULL \
             AND created_at <= $1 AND (created_at < $1 OR (created_at = $1 AND id < $2)) \
             ORDER BY created_at DESC, id DESC LIMIT $3"
        }
    }
}

const fn oldest(state: Option<MessageState>) -> &'static str {
    match state {
        None => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox \
             WHERE created_at >= $1 AND (created_at > $1 OR (created_at = $1 AND id > $2)) \
             ORDER BY created_at, id LIMIT $3"
        }
        Some(MessageState::Sent) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE sent_at IS NOT NULL \
             AND created_at >= $1 AND (created_at > $1 OR (created_at = $1 AND id > $2)) \
             ORDER BY created_at, id LIMIT $3"
        }
        Some(MessageState::Failed) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE failed_at IS NOT NULL \
             AND created_at >= $1 AND (created_at > $1 OR (created_at = $1 AND id > $2)) \
             ORDER BY created_at, id LIMIT $3"
        }
        Some(MessageState::Waiting) => {
            "SELECT id, template, locale, user_id, recipient_sealed, outcome_sealed, created_at, expires_at, attempts, \
             next_attempt_at, sent_at, failed_at, failure FROM outbox WHERE next_attempt_at IS NOT NULL \
             AND created_at >= $1 AND (created_at > $1 OR (created_at = $1 AND id > $2)) \
             ORDER BY created_at, id LIMIT $3"
        }
    }
}

async fn rows(tx: &mut Tx, keyring: &Keyring, sql: &'static str, args: &[Value]) -> Result<Vec<Entry>, Internal> {
    let sealed = tx.all(sql, args, Sealed::from_row).await?;
    sealed.into_iter().map(|sealed| sealed.open(keyring)).collect()
}

struct Sealed {
    recipient: String,
    outcome: Option<String>,
    rest: Open,
}

struct Open {
    id: MessageId,
    template: String,
    locale: Locale,
    user_id: Option<UserId>,
    created_at: Timestamp,
    expires_at: Timestamp,
    attempts: i64,
    next_attempt_at: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    failed_at: Option<Timestamp>,
    failure: Option<String>,
}

impl Sealed {
    fn from_row(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            recipient: row.text("recipient_sealed")?,
            outcome: row.opt_text("outcome_sealed")?,
            rest: Open {
                id: row.id("id")?,
                template: row.text("template")?,
                locale: row.parse("locale")?,
                user_id: row.opt_id("user_id")?,
                created_at: row.time("created_at")?,
                expires_at: row.time("expires_at")?,
                attempts: row.int("attempts")?,
                next_attempt_at: row.opt_time("next_attempt_at")?,
                sent_at: row.opt_time("sent_at")?,
                failed_at: row.opt_time("failed_at")?,
                failure: row.opt_text("failure")?,
            },
        })
    }

    fn open(self, keyring: &Keyring) -> Result<Entry, Internal> {
        let Self { recipient: sealed, outcome, rest } = self;
        Ok(Entry {
            recipient: recipient(keyring, rest.id, &sealed)?,
            outcome: Outcome::open(keyring, rest.id, outcome.as_deref())?,
            id: rest.id,
            template: rest.template,
            locale: rest.locale,
            user_id: rest.user_id,
            created_at: rest.created_at,
            expires_at: rest.expires_at,
            attempts: rest.attempts,
            next_attempt_at: rest.next_attempt_at,
            sent_at: rest.sent_at,
            failed_at: rest.failed_at,
            failure: rest.failure,
        })
    }
}

//! `/messages`: the mails a tenant sent or means to send, and how far each has come (P7). What they say is not kept,
//! codes least of all.

use polder_kernel::{Locale, id_kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::UserId;

id_kind!(
    /// Names an outbound message; the relay uses it to tell a retry from a new one.
    MessageId,
    MessageKind
);

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum MessageState {
    /// It will be tried, or tried again.
    Waiting,
    /// The mail server took it.
    Sent,
    /// It was refused, or nobody took it in time.
    Failed,
}

impl MessageState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Sent, Self::Failed];

    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }
}

/// A message in the log of messages.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Message {
    /// Names it.
    #[schema(value_type = String)]
    pub id: MessageId,
    /// Which mail it is: `sign_in_code`, `security_notice`, `invitation`.
    pub kind: String,
    /// The person it goes to, where there is an account.
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// The address it goes to, most of it hidden.
    pub to: String,
    /// Its language.
    #[schema(value_type = String)]
    pub locale: Locale,
    /// Its subject; null until it was tried for the first time. A code is never in it.
    pub subject: Option<String>,
    /// How far it has come.
    pub state: MessageState,
    /// How often sending it was tried.
    pub attempts: i64,
    /// When it was written.
    pub created_at: String,
    /// When it is of no more use.
    pub expires_at: String,
    /// When it is tried next, while it waits.
    pub next_attempt_at: Option<String>,
    /// When the mail server took it.
    pub sent_at: Option<String>,
    /// When it was given up.
    pub failed_at: Option<String>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
    /// What the mail server answered to it, addresses hidden.
    pub answer: Option<String>,
}

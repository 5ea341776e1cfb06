//! What stands between a tenant and abuse: proof of work, lockouts, the log of attempts, lists of networks.

use std::str::FromStr;

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::UserId;

id_kind!(
    /// Names a lockout.
    LockoutId,
    LockoutIdKind
);

/// When a browser is asked for a proof of work before a code is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ProofOfWork {
    /// When a lot is going on, or a form looks as if a program filled it in.
    #[default]
    Risk,
    /// Before every code.
    Always,
    /// Only where a list of networks asks for it.
    Never,
}

/// What has to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LockoutKind {
    /// Codes for an address, as asked for from one network.
    Address,
    /// Codes asked for from a network.
    Network,
    /// Codes of an authenticator app, or recovery codes, of one person.
    SecondFactor,
}

/// Somebody or something that has to wait. Passkeys sign in all the while.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Lockout {
    /// Names it.
    #[schema(value_type = String)]
    pub id: LockoutId,
    /// What has to wait.
    pub kind: LockoutKind,
    /// The person it is about, where there is one.
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// The address it is about, where it is about one.
    pub email: Option<String>,
    /// Where the attempts came from.
    pub ip: Option<String>,
    /// When it began.
    pub began_at: String,
    /// When it is over by itself.
    pub ends_at: String,
}

/// What came of an attempt to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttemptOutcome {
    /// A code was sent.
    CodeSent,
    /// Another code was typed in than the one that was sent.
    CodeWrong,
    /// A code of an app, or a recovery code, was wrong.
    SecondStepWrong,
    /// A passkey was refused.
    PasskeyRefused,
    /// It succeeded.
    SignedIn,
    /// A proof of work was asked for.
    AskedForWork,
    /// It came too often.
    TooMany,
    /// The network is on a list.
    Blocked,
}

/// Attempts to sign in at one address, alike in where they came from, what came of them, and the day.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct SignInAttempt {
    /// What came of them.
    pub outcome: AttemptOutcome,
    /// How many.
    pub count: i64,
    /// Where the first came from.
    pub ip: Option<String>,
    /// The browser of the first.
    pub user_agent: Option<String>,
    /// When the first was made.
    pub first_at: String,
    /// When the last was made.
    pub last_at: String,
}

/// How a list of networks is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlocklistFormat {
    /// An address or a network (`192.0.2.0/24`) a line; what follows `#` or `;` is a comment.
    Plain,
    /// Decisions of CrowdSec as JSON: of its local API (`/v1/decisions` or its stream), or of
    /// `cscli decisions list -o json`.
    Crowdsec,
}

/// What a network on a list meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BlocklistAction {
    /// A proof of work before each code.
    Prove,
    /// A page that says that signing in with a code is not possible from there.
    Refuse,
}

/// A list of networks to put in the place of the one with its name.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBlocklist {
    /// How it is written.
    pub format: BlocklistFormat,
    /// What its networks meet. Decisions of CrowdSec that ask for a captcha ask for a proof of work.
    pub action: BlocklistAction,
    /// The list, up to 1 MiB and 50,000 networks.
    pub content: String,
}

/// A list of networks.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Blocklist {
    /// Its name.
    pub name: String,
    /// How it was written.
    pub format: BlocklistFormat,
    /// What its networks meet.
    pub action: BlocklistAction,
    /// How many networks are on it.
    pub networks: i64,
    /// How many entries are about something else than networks, such as a country, and were left out.
    pub skipped: i64,
    /// When it was put there.
    pub updated_at: String,
}

/// A word for a column: the one the wire has.
macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ $(,)? }) => {
        impl $name {
            /// As columns and the wire have it.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord),
                }
            }
        }
    };
}

/// The text is none of the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownWord;

impl std::fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not one of the words it can be")
    }
}

impl std::error::Error for UnknownWord {}

words!(ProofOfWork { Risk => "risk", Always => "always", Never => "never" });
words!(LockoutKind { Address => "address", Network => "network", SecondFactor => "second_factor" });
words!(BlocklistFormat { Plain => "plain", Crowdsec => "crowdsec" });
words!(BlocklistAction { Prove => "prove", Refuse => "refuse" });
words!(AttemptOutcome {
    CodeSent => "code_sent",
    CodeWrong => "code_wrong",
    SecondStepWrong => "second_step_wrong",
    PasskeyRefused => "passkey_refused",
    SignedIn => "signed_in",
    AskedForWork => "asked_for_work",
    TooMany => "too_many",
    Blocked => "blocked",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_and_wire_have_the_same_words() {
        for outcome in [AttemptOutcome::CodeSent, AttemptOutcome::SecondStepWrong, AttemptOutcome::AskedForWork] {
            assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
        }
        for kind in [LockoutKind::Address, LockoutKind::Network, LockoutKind::SecondFactor] {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(serde_json::to_value(ProofOfWork::default()).unwrap(), ProofOfWork::default().as_str());
        assert_eq!("nothing".parse::<BlocklistAction>(), Err(UnknownWord));
    }
}

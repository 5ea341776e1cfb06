//! `/settings`: a tenant's own choices.

use polder_kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ProofOfWork;
use crate::policies::{self, PasskeyPolicy, SecondFactorPolicy, SignUp};

/// What happens when a person signs in once more than `session_limit` allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtSessionLimit {
    /// The session that was not used for the longest time ends.
    #[default]
    EndOldest,
    /// The person ends one of theirs first, on a page that shows them.
    Refuse,
}

impl AtSessionLimit {
    /// As stored and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndOldest => "end_oldest",
            Self::Refuse => "refuse",
        }
    }
}

/// A tenant's settings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// The name people see.
    pub name: String,
    /// Whether strangers may make an account.
    pub sign_up: SignUp,
    /// The language of last resort.
    #[schema(value_type = String)]
    pub default_locale: Locale,
    /// AAGUIDs of the authenticators that passkeys may live in; empty for any.
    #[serde(default)]
    pub passkey_models: Vec<String>,
    /// How many sessions a person may have at once; 0 for no limit.
    #[serde(default)]
    pub session_limit: u32,
    /// What happens at the limit.
    #[serde(default)]
    pub at_session_limit: AtSessionLimit,
    /// When a browser is asked for a proof of work before a code is sent.
    #[serde(default)]
    pub proof_of_work: ProofOfWork,
    /// The domains whose addresses may sign up where `sign_up` is `domains`; none below them.
    #[serde(default)]
    pub sign_up_domains: Vec<String>,
    /// Which part passkeys have in signing in.
    #[serde(default)]
    pub passkeys: PasskeyPolicy,
    /// Which part a second factor has in signing in.
    #[serde(default)]
    pub second_factor: SecondFactorPolicy,
    /// Seconds after which a session that is not used ends.
    #[serde(default = "session_idle")]
    pub session_idle_seconds: u32,
    /// Seconds after which a session ends however much it is used.
    #[serde(default = "session_absolute")]
    pub session_absolute_seconds: u32,
    /// Hours that somebody who lost their second factor or passkeys waits for a way back.
    #[serde(default = "recovery_wait")]
    pub recovery_wait_hours: u32,
    /// Whether programs may register themselves as applications, with a registration token (RFC 7591).
    #[serde(default)]
    pub registration: bool,
    /// How many applications that registered themselves there may be.
    #[serde(default = "registration_limit")]
    pub registration_limit: u32,
    /// Whether every authorization request has to be pushed (RFC 9126), whatever the application.
    #[serde(default)]
    pub require_pushed_authorization_requests: bool,
}

/// How many applications may register themselves where nobody chose.
pub const REGISTRATION_LIMIT: u32 = 100;

const fn registration_limit() -> u32 {
    REGISTRATION_LIMIT
}

const fn session_idle() -> u32 {
    policies::SESSION_IDLE_SECONDS
}

const fn session_absolute() -> u32 {
    policies::SESSION_ABSOLUTE_SECONDS
}

const fn recovery_wait() -> u32 {
    policies::RECOVERY_WAIT_HOURS
}

/// Changes to settings: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether strangers may make an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_up: Option<SignUp>,
    /// The language of last resort.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub default_locale: Option<Locale>,
    /// AAGUIDs of the authenticators that passkeys may live in; empty for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey_models: Option<Vec<String>>,
    /// How many sessions a person may have at once, up to 1000; 0 for no limit. Sessions that exist stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1000)]
    pub session_limit: Option<u32>,
    /// What happens at the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_session_limit: Option<AtSessionLimit>,
    /// When a browser is asked for a proof of work before a code is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWork>,
    /// The domains whose addresses may sign up where `sign_up` is `domains`; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_up_domains: Option<Vec<String>>,
    /// Which part passkeys have in signing in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkeys: Option<PasskeyPolicy>,
    /// Which part a second factor has in signing in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorPolicy>,
    /// Seconds after which a session that is not used ends: 15 minutes to 30 days. A shorter time counts
    /// for the sessions that are there, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 900, maximum = 2_592_000)]
    pub session_idle_seconds: Option<u32>,
    /// Seconds after which a session ends however much it is used: 15 minutes to 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 900, maximum = 2_592_000)]
    pub session_absolute_seconds: Option<u32>,
    /// Hours that somebody who lost their second factor or passkeys waits for a way back: 1 to 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 720)]
    pub recovery_wait_hours: Option<u32>,
    /// Whether programs may register themselves as applications, with a registration token (RFC 7591).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<bool>,
    /// How many applications that registered themselves there may be: 1 to 1000. Those that are there stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 1000)]
    pub registration_limit: Option<u32>,
    /// Whether every authorization request has to be pushed (RFC 9126). Applications that do not push cannot sign
    /// anybody in from then on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
}

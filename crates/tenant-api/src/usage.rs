//! What a tenant was used for (K12), and what needs attention there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// One day of a tenant, in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageDay {
    /// Which: `2026-11-21`.
    pub day: String,
    /// People who were here: signed in, or had an application answered or a token renewed. Each counts once.
    pub active_people: u64,
    /// Completed sign-ins.
    pub sign_ins: SignIns,
    /// Codes, passkeys and second factors that were refused.
    pub failed_sign_ins: u64,
    /// Requests at the tenant's own host.
    #[serde(default)]
    pub requests: u64,
    /// Requests of the public API about the tenant.
    #[serde(default)]
    pub api_requests: u64,
}

/// Completed sign-ins by what they began with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignIns {
    /// A code from the mail.
    pub email_code: u64,
    /// A passkey.
    pub passkey: u64,
    /// An account at an outside provider.
    pub connection: u64,
}

impl SignIns {
    /// All of them.
    pub const fn total(&self) -> u64 {
        self.email_code + self.passkey + self.connection
    }
}

/// One month of a tenant, in UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageMonth {
    /// Which: `2026-11`.
    pub month: String,
    /// People who were here on any day of it. Each counts once.
    pub active_people: u64,
    /// Completed sign-ins.
    pub sign_ins: u64,
    /// Codes, passkeys and second factors that were refused.
    pub failed_sign_ins: u64,
    /// Requests at the tenant's own host.
    #[serde(default)]
    pub requests: u64,
    /// Requests of the public API about the tenant.
    #[serde(default)]
    pub api_requests: u64,
    /// When its numbers about people were fixed; null while it goes on.
    pub closed_at: Option<String>,
}

/// What needs attention at a tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Attention {
    /// What it is.
    pub kind: AttentionKind,
    /// How many of them.
    pub count: u64,
    /// The application or connection it is about, where it is one.
    #[serde(default)]
    pub id: Option<String>,
    /// What that is called.
    #[serde(default)]
    pub name: Option<String>,
}

/// Kinds of what needs attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AttentionKind {
    /// People or networks have to wait before they may go on, now.
    Lockouts,
    /// Messages were given up in the last seven days.
    UndeliveredMail,
    /// Applications could not be told that a session ended, in the last seven days.
    UndeliveredLogouts,
    /// A signing key is older than the rotation allows.
    KeysOverdue,
    /// An application that is switched off was asked for in the last day.
    DisabledApplicationUsed,
    /// An application was refused again and again in the last day.
    ApplicationRefused,
    /// Sign-ins with an outside provider failed today.
    ConnectionFailing,
    /// Strangers may sign up.
    OpenSignUp,
    /// Its folder holds most of what it may hold.
    DiskNearlyFull,
}

/// What a tenant tells the control plane about itself.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct UsageReport {
    /// Days, oldest first.
    pub days: Vec<UsageDay>,
    /// Months, oldest first.
    pub months: Vec<UsageMonth>,
    /// What needs attention.
    pub attention: Vec<Attention>,
}

/// A month counted anew from the days of persons, beside the number that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UsageRecount {
    /// Which: `2026-11`.
    pub month: String,
    /// The number that is kept.
    pub kept: u64,
    /// The number counted anew; null when the days of persons are gone, 62 days after the month.
    pub counted: Option<u64>,
    /// The same for each day of which there is any.
    pub days: Vec<RecountedDay>,
}

/// A day counted anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecountedDay {
    /// Which.
    pub day: String,
    /// The number that is kept.
    pub kept: u64,
    /// The number counted anew.
    pub counted: u64,
}

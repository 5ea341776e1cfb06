//! The parts of the account, in the order of its navigation. A new part is a new entry here.

use crate::texts::Texts;

/// A part of the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Everything at a glance.
    Overview,
    /// The name.
    Profile,
    /// The address somebody signs in with.
    Email,
    /// Keys in devices.
    Passkeys,
    /// The authenticator app.
    SecondFactor,
    /// Codes on paper.
    RecoveryCodes,
    /// Accounts elsewhere.
    Connections,
    /// Where somebody is signed in.
    Sessions,
    /// Which applications have access.
    Applications,
    /// What happened.
    Activity,
    /// Language and look.
    Preferences,
    /// Download and deletion.
    Data,
}

/// Every part, in order.
pub const SECTIONS: &[Section] = &[
    Section::Overview,
    Section::Profile,
    Section::Email,
    Section::Passkeys,
    Section::SecondFactor,
    Section::RecoveryCodes,
    Section::Connections,
    Section::Sessions,
    Section::Applications,
    Section::Activity,
    Section::Preferences,
    Section::Data,
];

impl Section {
    /// Where it is.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/account",
            Self::Profile => "/account/profile",
            Self::Email => "/account/email",
            Self::Passkeys => "/account/passkeys",
            Self::SecondFactor => "/account/second-factor",
            Self::RecoveryCodes => "/account/recovery-codes",
            Self::Connections => "/account/connections",
            Self::Sessions => "/account/sessions",
            Self::Applications => "/account/applications",
            Self::Activity => "/account/activity",
            Self::Preferences => "/account/preferences",
            Self::Data => "/account/data",
        }
    }

    pub(crate) const fn label(self, t: &Texts) -> &'static str {
        match self {
            Self::Overview => t.account.overview,
            Self::Profile => t.account.profile,
            Self::Email => t.account.email,
            Self::Passkeys => t.account.passkeys,
            Self::SecondFactor => t.account.second_factor,
            Self::RecoveryCodes => t.account.recovery_codes,
            Self::Connections => t.account.connections,
            Self::Sessions => t.account.sessions,
            Self::Applications => t.account.applications,
            Self::Activity => t.account.activity,
            Self::Preferences => t.account.preferences,
            Self::Data => t.account.data,
        }
    }
}

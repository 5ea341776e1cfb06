//! The mail about a change to how somebody signs in (D26): sent for every one of them, and nobody can
//! switch it off.

use polder_kernel::{Locale, Timestamp};

use super::letter::{Letter, Where};
use super::{AccountChange, Rendered};
use crate::brand::Theme;
use crate::texts::{Texts, texts};
use crate::{Device, clean};

/// What was changed. Names that people give their factors are left out: whoever holds a session could
/// write to the owner with them (D12).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// An account at an outside provider was connected.
    AccountConnected {
        /// The provider's name, as the administrator wrote it.
        provider: &'a str,
    },
    /// An account at an outside provider was disconnected.
    AccountDisconnected {
        /// The provider's name.
        provider: &'a str,
    },
    /// A passkey was added.
    PasskeyAdded {
        /// What kind it is, from our own table; `None` where it says nothing.
        model: Option<&'a str>,
        /// Whether it has to wait before it counts as strong.
        waits: bool,
    },
    /// A passkey was removed.
    PasskeyRemoved {
        /// What kind it is.
        model: Option<&'a str>,
    },
    /// A removed passkey was brought back.
    PasskeyRestored {
        /// What kind it is.
        model: Option<&'a str>,
    },
    /// A passkey whose counter went back was refused.
    PasskeyCounter {
        /// What kind it is.
        model: Option<&'a str>,
    },
    /// Something about the account, its second step or its address.
    Account(AccountChange<'a>),
}

/// A change, and where it was made.
#[derive(Clone, Copy, Debug)]
pub struct SecurityNotice<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The tenant's name.
    pub tenant_name: &'a str,
    /// The tenant's colours.
    pub theme: &'a Theme,
    /// What was changed.
    pub change: Change<'a>,
    /// The browser it was made in.
    pub browser: Device,
    /// When it was made.
    pub at: Timestamp,
    /// Roughly where from; `None` when that is not known.
    pub place: Option<&'a str>,
}

impl SecurityNotice<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let t = texts(self.locale);
        let tenant = clean::line(self.tenant_name);
        let (heading, text) = self.change.words(t, &tenant);
        let (before, link) = self.change.link(t).unzip();
        let waits = matches!(self.change, Change::PasskeyAdded { waits: true, .. });
        let here = Where { browser: self.browser, at: self.at, place: self.place };
        Letter {
            locale: self.locale,
            theme: self.theme,
            subject: heading.clone(),
            heading,
            code: None,
            lines: [text].into_iter().chain(waits.then(|| t.mail.notice_passkey_added_waits.to_owned())).collect(),
            firm: before,
            link,
            facts_title: t.mail.notice_where,
            facts: self.change.facts(t).into_iter().chain(here.facts(self.locale)).collect(),
            not_you: self.change.not_you(t, &tenant),
            tenant,
        }
        .render()
    }
}

impl<'a> Change<'a> {
    /// Subject, and what it means.
    fn words(self, t: &Texts, tenant: &str) -> (String, String) {
        let m = &t.mail;
        match self {
            Self::AccountConnected { .. } => {
                (m.notice_account_connected(tenant), m.notice_account_connected_text(tenant))
            }
            Self::AccountDisconnected { .. } => {
                (m.notice_account_disconnected(tenant), m.notice_account_disconnected_text(tenant))
            }
            Self::PasskeyAdded { .. } => (m.notice_passkey_added(tenant), m.notice_passkey_added_text(tenant)),
            Self::PasskeyRemoved { .. } => (m.notice_passkey_removed(tenant), m.notice_passkey_removed_text(tenant)),
            Self::PasskeyRestored { .. } => (m.notice_passkey_restored(tenant), m.notice_passkey_restored_text(tenant)),
            Self::Account(change) => change.words(t, tenant),
            Self::PasskeyCounter { .. } => (m.notice_passkey_counter.to_owned(), m.notice_passkey_counter_text(tenant)),
        }
    }

    fn link(self, t: &Texts) -> Option<(String, &'a str)> {
        let Self::Account(change) = self else { return None };
        change.link(t)
    }

    fn not_you(self, t: &Texts, tenant: &str) -> String {
        match self {
            // Whoever reads this cannot sign in any more; the link above is their way back.
            Self::Account(AccountChange::EmailChanged { .. } | AccountChange::EmailCorrected) => {
                t.news.reason.to_owned()
            }
            Self::Account(_) => t.news.not_you(tenant),
            _ => t.mail.notice_not_you(tenant),
        }
    }

    fn facts(self, t: &Texts) -> Option<(&'static str, String)> {
        match self {
            Self::Account(_) => None,
            Self::AccountConnected { provider } | Self::AccountDisconnected { provider } => {
                Some((t.mail.notice_provider, clean::line(provider)))
            }
            Self::PasskeyAdded { model, .. }
            | Self::PasskeyRemoved { model }
            | Self::PasskeyRestored { model }
            | Self::PasskeyCounter { model } => {
                let model = model.map_or_else(|| t.mail.notice_model_unknown.to_owned(), clean::line);
                Some((t.mail.notice_model, model))
            }
        }
    }
}

//! What the mails say about an account, its second step and its address.

use crate::clean;
use crate::texts::Texts;

/// What happened to an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange<'a> {
    /// A sign-in from a browser not seen before.
    NewBrowser,
    /// A sign-in from a country not seen before.
    NewCountry,
    /// An authenticator app was set up.
    TotpAdded,
    /// Another took its place.
    TotpReplaced,
    /// It was removed.
    TotpRemoved,
    /// Recovery codes were made.
    RecoveryCodesMade,
    /// One was used.
    RecoveryCodeUsed {
        /// How many are left.
        left: i64,
    },
    /// Wrong codes are being entered.
    ManyFailures,
    /// The address changed; this goes to the old one.
    EmailChanged {
        /// Where it can be undone. Opening it changes nothing (D09).
        undo: &'a str,
        /// For how many days.
        days: u64,
    },
    /// The same, where this address was never proved: nobody can undo it from there.
    EmailCorrected,
    /// That was undone, and what was added since to sign in with was removed.
    EmailChangeUndone {
        /// Whether passkeys were.
        passkeys: bool,
        /// Whether an authenticator app was.
        app: bool,
        /// Whether recovery codes were.
        recovery_codes: bool,
        /// Whether connected accounts were.
        accounts: bool,
    },
    /// Somebody asked for a way back without the account's factors.
    RecoveryAsked {
        /// Where it can be stopped. Opening it changes nothing (D09).
        stop: &'a str,
        /// After how many hours it is there.
        hours: u32,
    },
    /// It was stopped.
    RecoveryStopped,
    /// It was used: the factors are gone.
    RecoveryDone,
    /// An administrator took the factors away.
    FactorsReset,
}

impl<'a> AccountChange<'a> {
    /// Subject, and what it means.
    pub(super) fn words(self, t: &Texts, tenant: &str) -> (String, String) {
        let n = &t.news;
        match self {
            Self::NewBrowser => (n.new_browser(tenant), n.new_browser_text.to_owned()),
            Self::NewCountry => (n.new_country(tenant), n.new_country_text.to_owned()),
            Self::TotpAdded => (n.totp_added(tenant), n.totp_added_text.to_owned()),
            Self::TotpReplaced => (n.totp_replaced(tenant), n.totp_replaced_text.to_owned()),
            Self::TotpRemoved => (n.totp_removed(tenant), n.totp_removed_text.to_owned()),
            Self::RecoveryCodesMade => (n.recovery_made(tenant), n.recovery_made_text.to_owned()),
            Self::RecoveryCodeUsed { left } => (n.recovery_used(tenant), n.recovery_used_text(left)),
            Self::ManyFailures => (n.many_failures(tenant), n.many_failures_text.to_owned()),
            Self::EmailChanged { .. } | Self::EmailCorrected => {
                (n.email_changed(tenant), n.email_changed_text.to_owned())
            }
            Self::EmailChangeUndone { passkeys, app, recovery_codes, accounts } => {
                let removed = [
                    (passkeys, n.email_undone_passkeys),
                    (app, n.email_undone_app),
                    (recovery_codes, n.email_undone_codes),
                    (accounts, n.email_undone_accounts),
                ];
                let removed = removed.into_iter().filter(|(gone, _)| *gone).map(|(_, text)| text);
                let text: Vec<&str> = std::iter::once(n.email_undone_text).chain(removed).collect();
                (n.email_undone(tenant), text.join(" "))
            }
            Self::RecoveryAsked { hours, .. } => (n.way_back(tenant), n.way_back_text(t.hours(hours))),
            Self::RecoveryStopped => (n.way_back_stopped(tenant), n.way_back_stopped_text.to_owned()),
            Self::RecoveryDone => (n.way_back_done(tenant), n.way_back_done_text.to_owned()),
            Self::FactorsReset => (n.factors_reset(tenant), n.factors_reset_text.to_owned()),
        }
    }

    /// A link with the words before it.
    pub(super) fn link(self, t: &Texts) -> Option<(String, &'a str)> {
        let (before, link) = match self {
            Self::EmailChanged { undo, days } => (t.news.email_changed_undo(days), undo),
            Self::RecoveryAsked { stop, .. } => (t.news.way_back_stop.to_owned(), stop),
            _ => return None,
        };
        clean::web_link(link).map(|link| (before, link))
    }
}

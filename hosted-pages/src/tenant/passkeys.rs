//! Passkeys: the offer after a sign-in, and a person's own list of them.

use askama::Template;
use polder_kernel::Timestamp;

use crate::{Frame, when};

/// Why signing in with a passkey failed, as far as anybody may know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasskeyProblem<'a> {
    /// It failed. There is no word on why, on purpose (C22).
    Refused,
    /// It was removed from its account. Said only to who has its key.
    Removed {
        /// Whose passkey it was.
        rp_id: &'a str,
        /// Its id, so that the browser can forget it.
        credential_id: &'a str,
    },
}

/// What the page's script tells the browser about passkeys: JSON, on pages of who is signed in alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Signals<'a> {
    /// The JSON; `None` where there is nothing to tell.
    pub text: Option<&'a str>,
}

/// Offers a passkey. `form#skip-form` posts to `/signin/offer/skip` and is the only one with a submit
/// button; `form#passkey-form` posts what the browser made to `/signin/offer/accept`, by script.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/offer_passkey.html")]
pub struct OfferPasskey<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// What the browser is told.
    pub signals: Signals<'a>,
    /// Whether the last passkey was not taken.
    pub failed: bool,
}

/// A passkey as its owner sees it.
#[derive(Clone, Debug)]
pub struct AccountPasskey {
    /// Names it in forms.
    pub id: String,
    /// What its owner calls it.
    pub name: String,
    /// What it lives in, where that is known.
    pub model: Option<&'static str>,
    /// Whether it can be copied to other devices.
    pub synced: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// Whether it counts for no more than a code yet.
    pub waits: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}

/// The list of passkeys at `/account/passkeys`. Each has `form.rename` and `form.remove`; removed ones
/// have `form.restore`. Where the sign-in is too long ago there is `form#confirm-form` instead.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/account_passkeys.html")]
pub struct AccountPasskeys<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The person's address.
    pub address: &'a str,
    /// Those that work.
    pub passkeys: &'a [AccountPasskey],
    /// Those that were removed and can be brought back.
    pub removed: &'a [AccountPasskey],
    /// Whether changes are possible without another proof.
    pub fresh: bool,
    /// Whether there is no room for another.
    pub full: bool,
    /// Whether the last one stays: it is needed to sign in.
    pub keep_last: bool,
    /// What the browser is told.
    pub signals: Signals<'a>,
    /// Whether the last change was not taken.
    pub failed: bool,
    /// Whether to offer that sessions elsewhere end, now that a passkey came or went (E12).
    pub offer_end: bool,
}

impl AccountPasskeys<'_> {
    fn since(&self, passkey: &AccountPasskey) -> String {
        self.frame.t().passkeys.created(when::moment(self.frame.locale, passkey.created_at))
    }

    fn used(&self, passkey: &AccountPasskey) -> String {
        let t = &self.frame.t().passkeys;
        passkey
            .last_used_at
            .map_or_else(|| t.never_used.to_owned(), |at| t.last_used(when::moment(self.frame.locale, at)))
    }

    fn lives(&self, passkey: &AccountPasskey) -> &'static str {
        let t = &self.frame.t().passkeys;
        match (passkey.synced, passkey.backed_up) {
            (true, true) => t.synced,
            (true, false) => t.syncable,
            (false, _) => t.device_bound,
        }
    }
}

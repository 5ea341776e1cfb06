//! The authenticator app (D14, D15).

use askama::Template;

use super::Shell;
use crate::qr::{self, Picture};
use crate::texts::Texts;

/// `form#set-up-form` posts to `/account/second-factor/set-up`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/second_factor.html")]
pub struct SecondFactor<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The app, where there is one.
    pub app: Option<AppSince<'a>>,
    /// Whether one can be set up.
    pub offered: bool,
    /// Whether it can be removed: not where it is needed to sign in.
    pub removable: bool,
}

/// An app that was set up.
#[derive(Clone, Copy, Debug)]
pub struct AppSince<'a> {
    /// When.
    pub since: &'a str,
    /// When a code of it was last used.
    pub last_used: Option<&'a str>,
}

/// The picture, the key, and `form#totp-form` that posts `code` to `/account/second-factor/confirm`.
#[derive(Clone, Copy, Template)]
#[template(path = "account/second_factor_set_up.html")]
pub struct SecondFactorSetUp<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// What the picture holds: an `otpauth:` address.
    pub uri: &'a str,
    /// The key, to be typed by hand.
    pub secret: &'a str,
    /// What was wrong with the code.
    pub error: Option<SecondFactorError>,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorError {
    /// Not the code of now.
    Wrong,
    /// Wrong too often.
    Wait {
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
    /// The picture was shown too long ago, and this is another.
    Expired,
}

/// `form#remove-form` posts to `/account/second-factor/remove`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/second_factor_remove.html")]
pub struct SecondFactorRemove<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
}

impl SecondFactorSetUp<'_> {
    fn picture(&self) -> Option<Picture> {
        qr::picture(self.uri)
    }

    fn spaced_secret(&self) -> String {
        qr::spaced(self.secret)
    }

    fn problem(&self) -> Option<String> {
        self.error.map(|error| error.text(self.shell.frame.t()))
    }
}

impl SecondFactorError {
    pub(crate) fn text(self, t: &Texts) -> String {
        match self {
            Self::Wrong => t.second_factor.error_wrong.to_owned(),
            Self::Wait { retry_after_seconds } => t.second_factor.error_wait(t.wait(retry_after_seconds)),
            Self::Expired => t.second_factor.error_expired.to_owned(),
        }
    }
}

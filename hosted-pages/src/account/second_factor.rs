//! The authenticator app (D14, D15).

use askama::Template;

use super::Shell;
use crate::qr::{self, Picture};

/// `form#set-up-form` posts to `/account/second-factor/set-up`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/second_factor.html")]
pub struct SecondFactor<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The app, where there is one.
    pub app: Option<AppSince<'a>>,
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

/// Says that a code by e-mail is not enough here (D13).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/needs_passkey.html")]
pub struct NeedsPasskey<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
}

impl SecondFactorSetUp<'_> {
    fn picture(&self) -> Option<Picture> {
        qr::picture(self.uri)
    }

    /// In groups of four, which people can follow with a finger.
    fn spaced_secret(&self) -> String {
        let letters: Vec<char> = self.secret.chars().collect();
        letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
    }

    fn problem(&self) -> Option<String> {
        let t = self.shell.frame.t();
        self.error.map(|error| match error {
            SecondFactorError::Wrong => t.second_factor.error_wrong.to_owned(),
            SecondFactorError::Wait { retry_after_seconds } => t.second_factor.error_wait(t.wait(retry_after_seconds)),
            SecondFactorError::Expired => t.second_factor.error_expired.to_owned(),
        })
    }
}

//! Leaving.

use askama::Template;

use super::Person;
use crate::{Frame, clean};

/// Asks whether to sign out (RP-Initiated Logout 2): `form#sign-out-form` posts to `/end_session`. With several
/// people in this browser each has a form of their own, which sends `account`; `form#sign-out-form` is then
/// for all of them.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/sign_out_confirm.html")]
pub struct SignOutConfirm<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks for it, where it is known.
    pub application: Option<&'a str>,
    /// Who is signed in on this browser, never nobody; whom it is about first.
    pub people: &'a [Person<'a>],
    /// Further hidden fields: name and value.
    pub fields: &'a [(&'a str, &'a str)],
}

/// Says that the session ended.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/signed_out.html")]
pub struct SignedOut<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application to go back to: its name and its address on the web.
    pub back_to: Option<(&'a str, &'a str)>,
    /// Whether somebody else is still signed in on this browser.
    pub others: bool,
}

impl<'a> SignedOut<'a> {
    fn link(&self) -> Option<(&'a str, &'a str)> {
        self.back_to.and_then(|(name, url)| clean::web_link(url).map(|url| (name, url)))
    }
}

//! Leaving.

use askama::Template;

use crate::{Frame, clean};

/// Asks whether to sign out (RP-Initiated Logout 2): `form#sign-out-form` posts to `/end_session`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/sign_out_confirm.html")]
pub struct SignOutConfirm<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks for it, where it is known.
    pub application: Option<&'a str>,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address, masked.
    pub masked_address: &'a str,
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
}

impl<'a> SignedOut<'a> {
    fn link(&self) -> Option<(&'a str, &'a str)> {
        self.back_to.and_then(|(name, url)| clean::web_link(url).map(|url| (name, url)))
    }
}

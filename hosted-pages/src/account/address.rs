//! Changing the address somebody signs in with (D19).

use askama::Template;

use super::Shell;
use crate::Frame;
use crate::tenant::{CodeError, EmailError};

/// `form#email-form` posts `email` to `/account/email`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/address.html")]
pub struct Address<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The address as it is.
    pub address: &'a str,
    /// What the field holds.
    pub typed: &'a str,
    /// What was wrong with it.
    pub error: Option<AddressError>,
}

/// Why a new address was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressError {
    /// As at sign-in.
    Typed(EmailError),
    /// It is the one they have.
    Same,
    /// It belongs to another account; only said to somebody who proved that it is theirs.
    Taken,
}

/// `form#code-form` posts `code` to `/account/email/confirm`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/address_code.html")]
pub struct AddressCode<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Where the code was sent.
    pub new_address: &'a str,
    /// What was wrong with the code.
    pub error: Option<CodeError>,
}

/// Where the link in the notice to the old address leads: `form#undo-form` posts `change` to
/// `/account/email/undo`. Opening it changes nothing.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/address_undo.html")]
pub struct AddressUndo<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// Names the change.
    pub change: &'a str,
}

impl Address<'_> {
    fn problem(&self) -> Option<String> {
        let t = self.shell.frame.t();
        self.error.map(|error| match error {
            AddressError::Typed(error) => error.text(t),
            AddressError::Same => t.address.error_same.to_owned(),
            AddressError::Taken => t.address.error_taken.to_owned(),
        })
    }
}

impl AddressCode<'_> {
    fn problem(&self) -> Option<String> {
        self.error.map(|error| error.text(self.shell.frame.t()))
    }
}

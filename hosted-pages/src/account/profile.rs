//! The name.

use askama::Template;

use super::Shell;
use crate::tenant::NameError;

/// `form#profile-form` posts `name` to `/account/profile`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/profile.html")]
pub struct Profile<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// What the field holds.
    pub name: &'a str,
    /// The address.
    pub address: &'a str,
    /// What was wrong with the name.
    pub error: Option<NameError>,
}

impl Profile<'_> {
    fn problem(&self) -> Option<&'static str> {
        self.error.map(|error| error.text(self.shell.frame.t()))
    }
}

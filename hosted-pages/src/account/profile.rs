//! The name, and what else the tenant asks.

use askama::Template;

use super::Shell;
use crate::fields::{self, FieldInput};
use crate::tenant::NameError;

/// `form#profile-form` posts `name` and the tenant's own fields to `/account/profile`.
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
    /// The tenant's own fields.
    pub fields: &'a [FieldInput],
}

impl Profile<'_> {
    fn is_wrong(&self) -> bool {
        self.error.is_some() || fields::any_wrong(self.fields)
    }

    fn has_facts(&self) -> bool {
        self.fields.iter().any(|field| field.fixed)
    }

    fn problem(&self) -> Option<&'static str> {
        self.error.map(|error| error.text(self.shell.frame.t()))
    }
}

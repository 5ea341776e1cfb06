//! Which hosts a tenant may reach.

use askama::Template;

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead, Undo};

/// The hosts that a tenant may reach.
#[derive(Clone, Copy, Template)]
#[template(path = "console/egress.html")]
pub struct Egress<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What can be taken back of what was just done.
    pub undo: Option<Undo<'a>>,
    /// The rules, by host.
    pub rules: &'a [EgressRule<'a>],
    /// What the field `host` of `form#egress-form` holds.
    pub host: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// A host, or hosts, that a tenant may reach.
#[derive(Clone, Copy, Debug)]
pub struct EgressRule<'a> {
    /// Names it in paths.
    pub id: &'a str,
    /// The host; with a dot first, all hosts below it.
    pub host: &'a str,
    /// Since when, RFC 3339.
    pub created_at: &'a str,
}

impl Egress<'_> {
    const fn section(&self) -> Section {
        Section::Egress
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

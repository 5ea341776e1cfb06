//! People of a tenant and their sessions.

use askama::Template;
use polder_tenant_api::{Session, User};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};
use crate::Device;

/// The people of a tenant, and forms to find one by address and to add one.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/users.html")]
pub struct Users<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The people.
    pub users: &'a [User],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// The address that was looked for; empty when all are shown.
    pub search: &'a str,
    /// What the form `form#user-form` holds: address, name and roles (separated by spaces).
    pub form: (&'a str, &'a str, &'a str),
    /// Whether that form sends an invitation.
    pub invite: bool,
    /// What was wrong with it, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// One person and the register of their sessions.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/sessions.html")]
pub struct Sessions<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Whose sessions.
    pub user: &'a User,
    /// The sessions, newest first.
    pub sessions: &'a [Session],
}

impl Users<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

impl Sessions<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    /// The browser of a session in words we chose: the header is the visitor's own text.
    fn browser(&self, session: &Session) -> String {
        let device = Device::from_user_agent(session.user_agent.as_deref().unwrap_or(""));
        device.describe(self.shell.t())
    }
}

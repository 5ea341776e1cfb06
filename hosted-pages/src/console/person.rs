//! One person, everything an administrator can see and do.

use askama::Template;
use polder_kernel::Locale;
use polder_tenant_api::connections::ConnectedAccount;
use polder_tenant_api::{AuditEvent, Factors, Message, Passkey, Session, User, UserApplication};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};
use crate::Device;
use crate::texts::texts;

/// One person.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/person.html")]
pub struct Person<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Who.
    pub user: &'a User,
    /// What can be taken back of what was just done.
    pub undo: Option<PersonUndo<'a>>,
    /// What the form `form#person-form` holds: address, name and roles (separated by spaces).
    pub form: (&'a str, &'a str, &'a str),
    /// The languages there are: tag, name in itself, whether it is theirs.
    pub locales: &'a [(&'a str, &'a str, bool)],
    /// The tenant's own fields.
    pub fields: &'a [PersonField],
    /// What was wrong with the form, by field.
    pub problems: &'a [FieldProblem<'a>],
    /// What they sign in with beside passkeys.
    pub factors: &'a Factors,
    /// Their passkeys.
    pub passkeys: &'a [Passkey],
    /// Their sessions, newest first.
    pub sessions: &'a [Session],
    /// The applications they let in.
    pub applications: &'a [UserApplication],
    /// Their accounts at outside providers.
    pub accounts: &'a [ConnectedAccount],
    /// The last messages to them.
    pub messages: &'a [Message],
    /// What happened to them, newest first.
    pub events: &'a [AuditEvent],
    /// Where older events begin.
    pub next: Option<&'a str>,
}

/// What can be taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonUndo<'a> {
    /// They were stopped from signing in.
    Disabled,
    /// They had these roles, separated by spaces.
    Roles(&'a str),
}

/// One of the tenant's own fields, as the form has it.
#[derive(Clone, Debug)]
pub struct PersonField {
    /// The name of the input.
    pub input: String,
    /// What people read.
    pub label: String,
    /// `text`, `date` or `choice`.
    pub kind: &'static str,
    /// What it holds.
    pub value: String,
    /// Of a choice: value, words, whether it is chosen.
    pub choices: Vec<(String, String, bool)>,
}

impl Person<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    /// The browser of a session in words we chose: the header is the visitor's own text.
    fn browser(&self, session: &Session) -> String {
        let device = Device::from_user_agent(session.user_agent.as_deref().unwrap_or(""));
        device.describe(self.shell.t())
    }

    /// Where the page is.
    fn base(&self) -> String {
        format!("/tenants/{}/users/{}", self.tenant.slug, self.user.id)
    }

    fn can_enable_again(&self) -> bool {
        self.undo == Some(PersonUndo::Disabled)
    }

    const fn former_roles(&self) -> Option<&str> {
        match self.undo {
            Some(PersonUndo::Roles(roles)) => Some(roles),
            _ => None,
        }
    }

    /// Each of [`Person::former_roles`].
    fn each_former_role(&self) -> impl Iterator<Item = &str> {
        self.former_roles().unwrap_or_default().split_whitespace()
    }

    fn is_signed_in(&self) -> bool {
        self.sessions.iter().any(|session| session.ended_at.is_none())
    }

    fn has_factors(&self) -> bool {
        !self.passkeys.is_empty() || self.factors.authenticator_app.is_some()
    }
}

/// The words for yes and no.
pub const fn yes_and_no(locale: Locale) -> (&'static str, &'static str) {
    let t = &texts(locale).person;
    (t.yes, t.no)
}

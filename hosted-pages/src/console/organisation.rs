//! An organisation: its name, who has access to it, and what happened in it.

use askama::Template;

use super::Shell;
use super::form::{self, FieldProblem};

/// Access of one of the operator's people to a tenant.
#[derive(Clone, Copy, Debug)]
pub struct GrantRow<'a> {
    /// Names it in paths.
    pub id: &'a str,
    /// The tenant.
    pub tenant: &'a str,
    /// Who: name and address.
    pub person: &'a str,
    /// Why.
    pub reason: &'a str,
    /// When it was given, RFC 3339.
    pub created_at: &'a str,
    /// When it ends or ended, RFC 3339.
    pub until: &'a str,
    /// Whether it holds now.
    pub holds: bool,
}

/// The organisation: `form#name-form` posts `name` to `/organisation`, `form#leave-form` to `/organisation/leave`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/organisation.html")]
pub struct Organisation<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The word of the role of whoever looks.
    pub role: &'a str,
    /// What the field `name` holds.
    pub name: &'a str,
    /// Access of the operator's people, newest first.
    pub grants: &'a [GrantRow<'a>],
    /// Whether leaving was refused: somebody has to stay its owner.
    pub refused: bool,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

impl Organisation<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

/// An entry of the organisation's log.
#[derive(Clone, Copy, Debug)]
pub struct TrailRow<'a> {
    /// Its number in the log.
    pub number: i64,
    /// What was done.
    pub action: &'a str,
    /// Who did it: a name or address where they are known.
    pub actor: &'a str,
    /// The id of whoever did it, to filter by.
    pub actor_id: &'a str,
    /// The tenant it was done to; empty for none.
    pub tenant: &'a str,
    /// From which address; empty where it is not known.
    pub address: &'a str,
    /// What else is known of it, in words.
    pub facts: &'a str,
    /// When, RFC 3339.
    pub at: &'a str,
}

/// What happened in the organisation, newest first, with a form to filter it: `action`, `actor_id`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/trail.html")]
pub struct Trail<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The entries.
    pub events: &'a [TrailRow<'a>],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// The action that is filtered by; empty for all.
    pub action: &'a str,
    /// The member or key that is filtered by; empty for all.
    pub actor_id: &'a str,
}

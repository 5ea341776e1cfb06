//! The members of an organisation, and who is invited to be one.

use askama::Template;

use super::form::{self, FieldProblem};
use super::roles::{MatrixRow, ROLES, role_help, role_label};
use super::{Shell, Sorting};

/// A member on the list.
#[derive(Clone, Copy, Debug)]
pub struct MemberRow<'a> {
    /// Names them in paths.
    pub id: &'a str,
    /// Their name; empty until their first sign-in.
    pub name: &'a str,
    /// Their address; empty likewise.
    pub address: &'a str,
    /// The word of their role.
    pub role: &'a str,
    /// When they last used the console, RFC 3339.
    pub last_seen_at: Option<&'a str>,
    /// Since when they are one, RFC 3339.
    pub since: &'a str,
    /// Whether it is whoever looks.
    pub own: bool,
}

/// An invitation that is neither used nor revoked.
#[derive(Clone, Copy, Debug)]
pub struct InvitationRow<'a> {
    /// Names it in paths.
    pub id: &'a str,
    /// Whom it invites.
    pub address: &'a str,
    /// The word of the role.
    pub role: &'a str,
    /// Until when it can be used, RFC 3339.
    pub expires_at: &'a str,
    /// Whether that is over.
    pub expired: bool,
    /// Whether its mail was handed on.
    pub mailed: bool,
}

/// The members, pending invitations, what each role may do, and `form#invite-form`: `email`, `role`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/members.html")]
pub struct Members<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The members, oldest first.
    pub members: &'a [MemberRow<'a>],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// The invitations, oldest first; on the first page only.
    pub invitations: &'a [InvitationRow<'a>],
    /// The link of the invitation that was just made or sent again: shown this once.
    pub link: Option<&'a str>,
    /// The words of the roles that whoever looks may give.
    pub roles: &'a [&'a str],
    /// What the field `email` holds.
    pub email: &'a str,
    /// What the field `role` holds.
    pub role: &'a str,
    /// What each role may do.
    pub matrix: &'a [MatrixRow],
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

impl Members<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn choices(&self) -> Vec<(&str, &str, &'static str, bool)> {
        choices(&self.shell, self.roles, self.role)
    }
}

/// One member: `form#role-form` posts `role` to `/members/{id}/role`, `form#remove-form` to `/members/{id}/remove`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/member.html")]
pub struct MemberPage<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Who.
    pub member: MemberRow<'a>,
    /// The words of the roles that whoever looks may give; empty where this member is out of their reach.
    pub roles: &'a [&'a str],
    /// Whether they are the last owner, who stays one.
    pub refused: bool,
}

impl MemberPage<'_> {
    fn choices(&self) -> Vec<(&str, &str, &'static str, bool)> {
        choices(&self.shell, self.roles, self.member.role)
    }

    /// What they are called, or their address.
    const fn called(&self) -> &str {
        if self.member.name.is_empty() { self.member.address } else { self.member.name }
    }
}

/// Word, label, help and whether it is chosen.
fn choices<'a>(shell: &Shell<'_>, roles: &[&'a str], chosen: &str) -> Vec<(&'a str, &'a str, &'static str, bool)> {
    let t = shell.t();
    roles.iter().map(|role| (*role, role_label(t, role), role_help(t, role), *role == chosen)).collect()
}

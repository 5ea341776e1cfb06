//! Pages of the console for people who are not signed in, and for when it does not go on.

use askama::Template;

use super::form::{self, FieldProblem};
use crate::Frame;
use crate::tenant::ErrorKind;

/// What `/` shows to somebody who is not signed in; `a#sign-in` leads to `/signin`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/signed_out.html")]
pub struct SignedOut<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// Whether a session has just ended.
    pub ended: bool,
}

/// Takes an invitation: `form#invitation-form` posts `token`, `name`, `email` and, for the first owner,
/// `organisation` to `/invitation`. Send it with `Referrer-Policy: no-referrer` and `no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/invitation.html")]
pub struct Invitation<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// The invitation; empty asks for it.
    pub token: &'a str,
    /// What the field `name` holds.
    pub name: &'a str,
    /// What the field `email` holds.
    pub email: &'a str,
    /// What the field `organisation` holds; `None` when the invitation is into an existing one.
    pub organisation: Option<&'a str>,
    /// What was wrong, by field; a problem of `token` means that the invitation is not valid.
    pub problems: &'a [FieldProblem<'a>],
}

impl Invitation<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.frame.t(), field)
    }

    /// Whatever is wrong with an invitation, it says the same: nobody learns which ones exist.
    fn token_problem(&self) -> Option<&'static str> {
        self.problem("token").map(|_| self.frame.t().invitation.token_wrong)
    }
}

/// Says that whoever is signed in may not see this. `/signin?switch=1` takes another account.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/no_access.html")]
pub struct NoAccess<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// Why not.
    pub reason: NoAccessReason<'a>,
}

/// Why somebody may not see a page of the console.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoAccessReason<'a> {
    /// They are no member of any organisation; their address, masked.
    NoMember(&'a str),
    /// Their role does not include this.
    Role,
}

/// Says that something failed in the console (F15).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/error.html")]
pub struct ErrorPage<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// What failed.
    pub kind: ErrorKind,
    /// What failed, for the developer, in our own words.
    pub detail: Option<&'a str>,
    /// The request's id, to be found in the logs.
    pub request_id: &'a str,
}

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
    /// Whether people may make an organisation of their own.
    pub sign_up: bool,
}

/// An organisation of one's own: `form#sign-up-form` posts `email` to `/signup`, `form#confirm-form` posts `token`, `name`
/// and `organisation` to `/signup/confirm`. Send it with `Referrer-Policy: no-referrer` and `no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/sign_up.html")]
pub struct SignUp<'a> {
    /// Around the page; its tenant name is `Polder`.
    pub frame: Frame<'a>,
    /// How far it is.
    pub step: SignUpStep<'a>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// How far somebody is who makes an organisation.
#[derive(Clone, Copy)]
pub enum SignUpStep<'a> {
    /// They say their address.
    Ask {
        /// What the field `email` holds.
        email: &'a str,
    },
    /// They look for a mail.
    Sent {
        /// The address, as they wrote it.
        email: &'a str,
    },
    /// They followed the link, and name themselves and the organisation.
    Confirm {
        /// The link's token.
        token: &'a str,
        /// The address that it is for.
        email: &'a str,
        /// What the field `name` holds.
        name: &'a str,
        /// What the field `organisation` holds.
        organisation: &'a str,
    },
    /// The link cannot be used.
    Over,
}

impl SignUp<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.frame.t(), field)
    }
}

/// Takes an invitation: `form#invitation-form` posts `token`, `name` and `email` to `/invitation`. Send it with `Referrer-Policy: no-referrer` and `no-store`.
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
    /// Into which organisation, for one that is bound to its address: the address cannot be changed.
    pub into: Option<&'a str>,
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

//! Applications that register themselves.

use askama::Template;
use polder_tenant_api::{Application, RegistrationToken};

use super::form::{self, FieldProblem};
use super::policies::seconds_in_words;
use super::{Section, Shell, TenantHead};

/// Whether programs may register themselves, the tokens that let them, and what registered so far. A new token is
/// shown this once: send it with `Cache-Control: no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/registration.html")]
pub struct Registration<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Whether programs may register themselves.
    pub open: bool,
    /// What the field for the most of them holds.
    pub limit: &'a str,
    /// The tokens, newest first.
    pub tokens: &'a [RegistrationToken],
    /// Cursor of the next page of tokens.
    pub next: Option<&'a str>,
    /// The token that was just made.
    pub created: Option<&'a str>,
    /// What `form#token-form` holds.
    pub wish: TokenWish<'a>,
    /// Applications that registered themselves, newest first.
    pub registered: &'a [Application],
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the form for a token holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenWish<'a> {
    /// `name`: what it is for.
    pub name: &'a str,
    /// `uses`: how many applications may be registered with it.
    pub uses: &'a str,
    /// `expires_in_seconds`: how long it is good.
    pub expires_in_seconds: &'a str,
    /// `scopes`, separated by spaces.
    pub scopes: &'a str,
}

/// Seconds that a token can be good for.
const LIVES: [u32; 5] = [3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600, 365 * 24 * 3600];
/// What is chosen unless something else is: a day.
const USUAL: &str = "86400";

impl Registration<'_> {
    const fn section(&self) -> Section {
        Section::Registration
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn lives(&self) -> Vec<(u32, String, bool)> {
        let held = if self.wish.expires_in_seconds.is_empty() { USUAL } else { self.wish.expires_in_seconds };
        LIVES.map(|one| (one, seconds_in_words(self.shell.t(), one), one.to_string() == held)).to_vec()
    }

    fn uses(&self) -> &str {
        if self.wish.uses.is_empty() { "1" } else { self.wish.uses }
    }
}

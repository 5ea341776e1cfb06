//! How signing in went at the address of one person.

use askama::Template;
use polder_tenant_api::{AttemptOutcome, SignInAttempt, User};

use super::{Section, Shell, Sorting, TenantHead};
use crate::Device;

/// The attempts to sign in at one person's address, alike ones counted together.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/attempts.html")]
pub struct Attempts<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Whose address.
    pub user: &'a User,
    /// The attempts of the last 30 days, newest first.
    pub attempts: &'a [SignInAttempt],
}

impl Attempts<'_> {
    const fn section(&self) -> Section {
        Section::Users
    }

    /// What came of them, and how that looks.
    const fn outcome(&self, attempt: &SignInAttempt) -> (&'static str, &'static str) {
        let t = &self.shell.t().attempts;
        match attempt.outcome {
            AttemptOutcome::CodeSent => (t.code_sent, "calm"),
            AttemptOutcome::CodeWrong => (t.code_wrong, "busy"),
            AttemptOutcome::SecondStepWrong => (t.second_step_wrong, "busy"),
            AttemptOutcome::PasskeyRefused => (t.passkey_refused, "busy"),
            AttemptOutcome::SignedIn => (t.signed_in, "good"),
            AttemptOutcome::AskedForWork => (t.asked_for_work, "calm"),
            AttemptOutcome::TooMany => (t.too_many, "bad"),
            AttemptOutcome::Blocked => (t.blocked, "bad"),
        }
    }

    /// The browser in words we chose: the header is the visitor's own text.
    fn browser(&self, attempt: &SignInAttempt) -> String {
        Device::from_user_agent(attempt.user_agent.as_deref().unwrap_or("")).describe(self.shell.t())
    }
}

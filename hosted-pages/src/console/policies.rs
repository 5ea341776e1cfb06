//! What a tenant asks of people who sign in.

use askama::Template;
use polder_tenant_api::{PasskeyPolicy, SecondFactorPolicy, Settings, SignUp};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};
use crate::texts::Texts;

/// The sign-in of a tenant, each choice in plain words. `form#policies-form` posts `passkeys`,
/// `second_factor`, `sign_up`, `sign_up_domains` (one per line), `session_idle_seconds`,
/// `session_absolute_seconds` and `recovery_wait_hours` to `/tenants/{slug}/sign-in`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/policies.html")]
pub struct Policies<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What holds, or what was chosen and refused.
    pub chosen: &'a Settings,
    /// What the field for domains holds, one per line.
    pub domains: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// One of several choices: its value, what it is called, what it means, whether it holds.
type Choice = (&'static str, &'static str, &'static str, bool);
/// One of several lengths of time: its value, in words, whether it holds.
type Length = (u32, String, bool);

/// Seconds that a session may idle.
const IDLE: [u32; 8] = [900, 1800, 3600, 4 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600, 30 * 24 * 3600];
/// Seconds that a session may last.
const ABSOLUTE: [u32; 7] = [3600, 8 * 3600, 12 * 3600, 24 * 3600, 7 * 24 * 3600, 14 * 24 * 3600, 30 * 24 * 3600];
/// Hours that a way back takes.
const WAIT: [u32; 6] = [1, 24, 48, 72, 168, 720];

impl Policies<'_> {
    const fn section(&self) -> Section {
        Section::SignIn
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn passkeys(&self) -> [Choice; 3] {
        let t = &self.shell.t().policies;
        [
            (PasskeyPolicy::Preferred, t.passkeys_preferred, t.passkeys_preferred_help),
            (PasskeyPolicy::Optional, t.passkeys_optional, t.passkeys_optional_help),
            (PasskeyPolicy::Required, t.passkeys_required, t.passkeys_required_help),
        ]
        .map(|(policy, label, help)| (policy.as_str(), label, help, policy == self.chosen.passkeys))
    }

    fn second_factors(&self) -> [Choice; 3] {
        let t = &self.shell.t().policies;
        [
            (SecondFactorPolicy::Optional, t.factor_optional, t.factor_optional_help),
            (SecondFactorPolicy::Required, t.factor_required, t.factor_required_help),
            (SecondFactorPolicy::Never, t.factor_never, t.factor_never_help),
        ]
        .map(|(policy, label, help)| (policy.as_str(), label, help, policy == self.chosen.second_factor))
    }

    fn sign_ups(&self) -> [Choice; 3] {
        let t = &self.shell.t().policies;
        [
            (SignUp::Open, t.sign_up_open, t.sign_up_open_help),
            (SignUp::Domains, t.sign_up_domains, t.sign_up_domains_help),
            (SignUp::Closed, t.sign_up_closed, t.sign_up_closed_help),
        ]
        .map(|(policy, label, help)| (policy.as_str(), label, help, policy == self.chosen.sign_up))
    }

    fn idle(&self) -> Vec<Length> {
        lengths(&IDLE, self.chosen.session_idle_seconds, |seconds| seconds_in_words(self.shell.t(), seconds))
    }

    fn absolute(&self) -> Vec<Length> {
        lengths(&ABSOLUTE, self.chosen.session_absolute_seconds, |seconds| seconds_in_words(self.shell.t(), seconds))
    }

    fn wait(&self) -> Vec<Length> {
        lengths(&WAIT, self.chosen.recovery_wait_hours, |hours| self.shell.t().hours(hours))
    }
}

/// The usual ones, and the one that holds where a program chose another.
fn lengths(usual: &[u32], held: u32, words: impl Fn(u32) -> String) -> Vec<Length> {
    let mut all = usual.to_vec();
    if !all.contains(&held) {
        all.push(held);
        all.sort_unstable();
    }
    all.into_iter().map(|length| (length, words(length), length == held)).collect()
}

pub(super) fn seconds_in_words(t: &Texts, seconds: u32) -> String {
    if seconds.is_multiple_of(3600) { t.hours(seconds / 3600) } else { t.minutes(seconds.div_ceil(60)) }
}

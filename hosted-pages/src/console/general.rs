//! A tenant's name, languages and limits.

use askama::Template;
use polder_kernel::Locale;
use polder_tenant_api::{AtSessionLimit, ProofOfWork, Settings};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};

/// What is set once for a tenant. `form#settings-form` posts `name`, `default_locale`, `session_limit`,
/// `at_session_limit`, `passkey_models` (one per line), `proof_of_work` and
/// `require_pushed_authorization_requests` to `/tenants/{slug}/settings`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/general.html")]
pub struct General<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What holds, or what was chosen and refused.
    pub chosen: &'a Settings,
    /// What the field `session_limit` holds.
    pub session_limit: &'a str,
    /// What the field `passkey_models` holds, one per line.
    pub models: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// One of several choices: its value, what it is called, what it means, whether it holds.
type Choice = (&'static str, &'static str, &'static str, bool);

impl General<'_> {
    const fn section(&self) -> Section {
        Section::General
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn languages(&self) -> Vec<(Locale, &'static str, bool)> {
        Locale::ALL
            .into_iter()
            .map(|locale| (locale, locale.own_name(), locale == self.chosen.default_locale))
            .collect()
    }

    fn at_limit(&self) -> [Choice; 2] {
        let t = &self.shell.t().general;
        [
            (AtSessionLimit::EndOldest, t.end_oldest, t.end_oldest_help),
            (AtSessionLimit::Refuse, t.refuse, t.refuse_help),
        ]
        .map(|(choice, label, help)| (choice.as_str(), label, help, choice == self.chosen.at_session_limit))
    }

    fn proofs(&self) -> [Choice; 3] {
        let t = &self.shell.t().general;
        [
            (ProofOfWork::Risk, t.proof_risk, t.proof_risk_help),
            (ProofOfWork::Always, t.proof_always, t.proof_always_help),
            (ProofOfWork::Never, t.proof_never, t.proof_never_help),
        ]
        .map(|(choice, label, help)| (choice.as_str(), label, help, choice == self.chosen.proof_of_work))
    }

    fn pushed(&self) -> [Choice; 2] {
        let t = &self.shell.t().general;
        let holds = self.chosen.require_pushed_authorization_requests;
        [("no", t.pushed_no, t.pushed_no_help, !holds), ("yes", t.pushed_yes, t.pushed_yes_help, holds)]
    }
}

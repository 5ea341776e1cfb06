//! The audit log of a tenant: looked through, and verified.

use askama::Template;
use polder_tenant_api::{AuditEvent, AuditVerification, VerificationState};

use super::{ACTIONS, Section, Shell, Sorting, TenantHead};

/// Entries of the audit log, newest first; `form#filter-form` asks for others.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/audit.html")]
pub struct Audit<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The entries.
    pub events: &'a [AuditEvent],
    /// What was asked for.
    pub asked: AuditAsked<'a>,
    /// What was asked for, as the query of an address; empty for everything.
    pub query: &'a str,
    /// Cursor of the next page.
    pub next: Option<&'a str>,
}

/// Which entries are wanted. Each is empty for all.
#[derive(Clone, Copy, Debug, Default)]
pub struct AuditAsked<'a> {
    /// Of this action.
    pub action: &'a str,
    /// Done by this kind of actor.
    pub actor_kind: &'a str,
    /// About this person.
    pub user_id: &'a str,
    /// About this application.
    pub application_id: &'a str,
    /// From this day on.
    pub from: &'a str,
    /// Up to and including this day.
    pub to: &'a str,
    /// Whether the days make no sense.
    pub wrong: bool,
}

/// What verifying the log found, or how far it is.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/audit_verification.html")]
pub struct AuditVerified<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What was found.
    pub found: &'a AuditVerification,
}

impl Audit<'_> {
    const fn section(&self) -> Section {
        Section::Audit
    }

    /// Everything that is asked for, as a query.
    fn whole(&self) -> String {
        self.sorting.whole()
    }

    const fn actions(&self) -> &'static [&'static str] {
        &ACTIONS
    }

    /// Values and names of kinds of actors.
    fn actors(&self) -> Vec<(&'static str, &'static str, bool)> {
        let t = &self.shell.t().audit_search;
        let kinds = [
            ("", t.any_actor),
            ("user", t.user),
            ("application", t.application),
            ("member", t.member),
            ("api_key", t.api_key),
            ("system", t.system),
            ("anonymous", t.anonymous),
        ];
        kinds.map(|(value, label)| (value, label, value == self.asked.actor_kind)).to_vec()
    }
}

impl AuditVerified<'_> {
    const fn section(&self) -> Section {
        Section::Audit
    }

    fn runs(&self) -> bool {
        self.found.state == VerificationState::Running
    }

    fn is_intact(&self) -> bool {
        self.found.state == VerificationState::Intact
    }

    /// What is to be said first.
    fn verdict(&self) -> String {
        let t = &self.shell.t().audit_search;
        match (self.found.state, &self.found.broken) {
            (VerificationState::Running, _) => t.running.to_owned(),
            (VerificationState::Intact, _) => t.intact.to_owned(),
            (VerificationState::Broken, Some(broken)) => t.broken(broken.seq.to_string()),
            (VerificationState::Broken | VerificationState::Failed, _) => t.failed.to_owned(),
        }
    }

    /// What is wrong, where something is.
    fn why(&self) -> Option<&str> {
        let t = &self.shell.t().audit_search;
        let broken = self.found.broken.as_ref()?;
        Some(match broken.why.as_str() {
            "changed" => t.changed,
            "missing" => t.missing,
            "unreadable" => t.unreadable,
            "forged_checkpoint" => t.forged_checkpoint,
            "rewritten" => t.rewritten,
            "foreign_chain" => t.foreign_chain,
            other => other,
        })
    }
}

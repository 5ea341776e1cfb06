//! Networks that abuse comes from.

use askama::Template;
use polder_tenant_api::{Blocklist, BlocklistAction, BlocklistFormat};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};

/// The lists of networks of a tenant, and `form#blocklist-form`, which puts one in the place of the one with its name.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/blocklists.html")]
pub struct Blocklists<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The lists, by name.
    pub lists: &'a [Blocklist],
    /// What the form holds.
    pub form: BlocklistForm<'a>,
    /// What was wrong with it, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the form for a list holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct BlocklistForm<'a> {
    /// `list`: its name.
    pub list: &'a str,
    /// `format`: `plain` or `crowdsec`.
    pub format: &'a str,
    /// `action`: `prove` or `refuse`.
    pub action: &'a str,
    /// `content`: what is on it.
    pub content: &'a str,
}

/// One of several choices: its value, what it is called, what it means, whether it is chosen.
type Choice = (&'static str, &'static str, &'static str, bool);

impl Blocklists<'_> {
    const fn section(&self) -> Section {
        Section::Blocklists
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn formats(&self) -> [Choice; 2] {
        let t = &self.shell.t().blocklists;
        let crowdsec = self.form.format == BlocklistFormat::Crowdsec.as_str();
        [
            (BlocklistFormat::Plain.as_str(), t.plain, t.plain_help, !crowdsec),
            (BlocklistFormat::Crowdsec.as_str(), t.crowdsec, t.crowdsec_help, crowdsec),
        ]
    }

    fn actions(&self) -> [Choice; 2] {
        let t = &self.shell.t().blocklists;
        let refuse = self.form.action == BlocklistAction::Refuse.as_str();
        [
            (BlocklistAction::Prove.as_str(), t.prove, t.prove_help, !refuse),
            (BlocklistAction::Refuse.as_str(), t.refuse, t.refuse_help, refuse),
        ]
    }

    const fn action(&self, list: &Blocklist) -> &'static str {
        let t = &self.shell.t().blocklists;
        match list.action {
            BlocklistAction::Prove => t.prove,
            BlocklistAction::Refuse => t.refuse,
        }
    }
}

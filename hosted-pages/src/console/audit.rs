//! The audit log of a tenant.

use askama::Template;
use polder_tenant_api::AuditEvent;

use super::{Section, Shell, TenantHead};

/// Entries of the audit log, newest first, with a form to filter them.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/audit.html")]
pub struct Audit<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The entries.
    pub events: &'a [AuditEvent],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// The action that is filtered by; empty for all.
    pub action: &'a str,
    /// The person that is filtered by; empty for all.
    pub user_id: &'a str,
}

impl Audit<'_> {
    const fn section(&self) -> Section {
        Section::Audit
    }
}

//! Who or what has to wait at a tenant.

use askama::Template;
use polder_tenant_api::{Lockout, LockoutKind};

use super::{Section, Shell, TenantHead};

/// Who or what has to wait before another code is taken or sent. A button lifts each.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/lockouts.html")]
pub struct Lockouts<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Those that are not over, newest first.
    pub lockouts: &'a [Lockout],
    /// The person they are about; empty when all are shown.
    pub user_id: &'a str,
}

impl Lockouts<'_> {
    const fn section(&self) -> Section {
        Section::Lockouts
    }

    const fn kind(&self, lockout: &Lockout) -> &'static str {
        let t = &self.shell.t().lockouts;
        match lockout.kind {
            LockoutKind::Address => t.address,
            LockoutKind::Network => t.network,
            LockoutKind::SecondFactor => t.second_factor,
        }
    }

    /// Whom it is about, for the name of its button.
    fn whom<'l>(&self, lockout: &'l Lockout) -> &'l str {
        lockout.email.as_deref().or(lockout.ip.as_deref()).unwrap_or(lockout.began_at.as_str())
    }
}

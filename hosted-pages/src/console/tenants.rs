//! The list of tenants, a new one, and one at a glance.

use askama::Template;
use polder_tenant_api::{Application, Attention, AuditEvent, Measure, UsageDay, UsageMonth};

use super::form::{self, FieldProblem};
use super::{Figure, Section, Shell, SignInChart, Sorting, TenantHead, TenantState, ToDo, attention, usage, walls};

/// Every tenant of the organisation.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/tenant_list.html")]
pub struct TenantList<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenants, in the order to show.
    pub tenants: &'a [TenantRow<'a>],
    /// What was asked for.
    pub asked: ListAsked<'a>,
    /// Cursor of the next page.
    pub next: Option<&'a str>,
}

/// Which tenants are listed: `form#list-form` asks for others by `q` and `state`.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListAsked<'a> {
    /// Part of a name or address; empty for all.
    pub q: &'a str,
    /// The state they are in; empty for all.
    pub state: &'a str,
}

impl ListAsked<'_> {
    const fn is_everything(&self) -> bool {
        self.q.is_empty() && self.state.is_empty()
    }
}

impl TenantList<'_> {
    /// Values and names of states.
    fn states(&self) -> Vec<(&'static str, &'static str, bool)> {
        let t = self.shell.t();
        let states = [
            ("", t.list.any_state),
            ("running", t.state.running),
            ("asleep", t.state.asleep),
            ("suspended", t.state.suspended),
            ("provisioning", t.state.provisioning),
            ("terminating", t.state.terminating),
            ("failed", t.state.failed),
        ];
        states.map(|(value, label)| (value, label, value == self.asked.state)).to_vec()
    }

    /// Whether the organisation has no tenant at all.
    const fn has_none(&self) -> bool {
        self.tenants.is_empty() && self.asked.is_everything() && self.next.is_none()
    }
}

/// One tenant in the list.
#[derive(Clone, Copy, Debug)]
pub struct TenantRow<'a> {
    /// What it is.
    pub head: TenantHead<'a>,
    /// When it was asked for, RFC 3339.
    pub created_at: &'a str,
}

impl TenantRow<'_> {
    /// Where a click leads: a tenant that is being made shows its progress.
    fn path(&self) -> String {
        match self.head.state {
            TenantState::Provisioning | TenantState::Failed => format!("/tenants/{}/progress", self.head.slug),
            _ => format!("/tenants/{}", self.head.slug),
        }
    }
}

/// The form for a new tenant: `form#tenant-form` posts `name` and `slug` to `/tenants`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/tenant_new.html")]
pub struct TenantNew<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// What the field `name` holds.
    pub name: &'a str,
    /// What the field `slug` holds.
    pub slug: &'a str,
    /// What follows the slug in the tenant's host, such as `.localhost:8600`.
    pub host_suffix: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

impl TenantNew<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

/// One tenant at a glance.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/tenant_overview.html")]
pub struct TenantOverview<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// When it was asked for, RFC 3339.
    pub created_at: &'a str,
    /// Why it is held back, in words for an operator, where the control plane did that by itself.
    pub held_back: Option<&'a str>,
    /// When its grace period ends, RFC 3339, where it is terminated.
    pub ends_at: Option<&'a str>,
    /// Whether its database is on a server, with passwords that can be made anew.
    pub has_server: bool,
    /// Its applications, the newest few.
    pub applications: &'a [Application],
    /// What happened last, the newest few.
    pub events: &'a [AuditEvent],
    /// What keeps it apart; empty where nobody can say, as while it sleeps.
    pub walls: &'a [Measure],
    /// The version of its program, where it runs.
    pub version: Option<&'a str>,
    /// How it does.
    pub glance: Glance<'a>,
}

/// How a tenant does, as it was last told.
#[derive(Clone, Copy, Debug, Default)]
pub struct Glance<'a> {
    /// The last thirty days, oldest first.
    pub days: &'a [UsageDay],
    /// This month, where there is anything.
    pub months: &'a [UsageMonth],
    /// What needs attention.
    pub attention: &'a [Attention],
    /// When it was told, RFC 3339.
    pub as_of: Option<&'a str>,
}

impl TenantOverview<'_> {
    const fn section(&self) -> Section {
        Section::Overview
    }

    const fn runs(&self) -> bool {
        matches!(self.tenant.state, TenantState::Running)
    }

    const fn is(&self, state: TenantState) -> bool {
        self.tenant.state as u8 == state as u8
    }

    fn walls(&self) -> Vec<&Measure> {
        walls::in_order(self.walls)
    }

    fn wall_name<'b>(&'b self, wall: &'b Measure) -> &'b str {
        walls::name(self.shell.t(), wall)
    }

    fn chart(&self) -> SignInChart {
        SignInChart::of(&self.shell, self.glance.days)
    }

    fn figures(&self) -> Vec<Figure> {
        usage::figures(&self.shell, self.glance.days, self.glance.months)
    }

    fn due(&self) -> Vec<ToDo> {
        attention::list(&self.shell, self.glance.attention)
    }

    fn standing(&self) -> String {
        self.walls.iter().filter(|wall| wall.in_force).count().to_string()
    }

    fn missing(&self) -> String {
        self.walls.iter().filter(|wall| !wall.in_force).count().to_string()
    }

    fn discovery(&self) -> String {
        format!("{}/.well-known/openid-configuration", self.tenant.issuer)
    }
}

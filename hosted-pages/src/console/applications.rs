//! Applications: the list, a new one, its secret.

use askama::Template;
use polder_tenant_api::{Application as Details, ApplicationType, Profile};

use super::form::{self, FieldProblem};
use super::snippets::{Snippet, snippets};
use super::tokens::TokenForm;
use super::{Section, Shell, Sorting, TenantHead};
use crate::texts::Texts;

/// Every application of a tenant.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/applications.html")]
pub struct Applications<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The applications.
    pub applications: &'a [Details],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
}

/// The form for a new application: `form#application-form`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/application_new.html")]
pub struct ApplicationNew<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What kind is chosen.
    pub kind: ApplicationType,
    /// What the other fields hold.
    pub form: ApplicationForm<'a>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the fields of an application's form hold.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplicationForm<'a> {
    /// `name`.
    pub name: &'a str,
    /// `redirect_uris`: one per line.
    pub redirect_uris: &'a str,
    /// `post_logout_redirect_uris`: one per line.
    pub post_logout_redirect_uris: &'a str,
    /// `access`: `everyone`, `role` or `invited`.
    pub access: &'a str,
    /// `role`: which one, when `access` is `role`.
    pub role: &'a str,
    /// `passkeys`: what it asks for beyond its tenant; empty for nothing.
    pub passkeys: &'a str,
    /// `second_factor`: the same.
    pub second_factor: &'a str,
    /// `profile`: `default`, `compat` or `fapi2`; the first where it is none of them.
    pub profile: &'a str,
    /// `jwks`: the public keys, as JSON.
    pub jwks: &'a str,
    /// `jwks_uri`: where they are published.
    pub jwks_uri: &'a str,
    /// `backchannel_logout_uri`: where it hears of ended sessions.
    pub backchannel_logout_uri: &'a str,
    /// `apis`: the APIs it may ask tokens for, separated by spaces.
    pub apis: &'a str,
    /// `scopes`: what else it may ask for, separated by spaces.
    pub scopes: &'a str,
    /// What kind of tokens it gets.
    pub tokens: TokenForm<'a>,
}

/// Shows an application's secret, this once, and settings ready to paste. Send it with
/// `Cache-Control: no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/application_created.html")]
pub struct ApplicationCreated<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The application.
    pub application: &'a Details,
    /// Its secret; `None` for public clients.
    pub client_secret: Option<&'a str>,
    /// Until when secrets from before keep working, RFC 3339; `None` for a new application.
    pub previous_expire_at: Option<&'a str>,
}

impl Applications<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }
}

impl ApplicationNew<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    /// Name in the form, label, explanation and whether it is chosen.
    fn kinds(&self) -> [(&'static str, &'static str, &'static str, bool); 4] {
        kinds(self.shell.t()).map(|(kind, name, label, help)| (name, label, help, kind == self.kind))
    }

    /// The same of the rules it is held to.
    fn profiles(&self) -> [(&'static str, &'static str, &'static str, bool); 3] {
        let all = profiles(self.shell.t());
        let known = all.iter().any(|(_, name, ..)| *name == self.form.profile);
        let chosen = if known { self.form.profile } else { all[0].1 };
        all.map(|(_, name, label, help)| (name, label, help, name == chosen))
    }
}

impl ApplicationCreated<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }

    fn title(&self) -> String {
        let t = &self.shell.t().created;
        match self.previous_expire_at {
            Some(_) => t.title_secret(&self.application.name),
            None => t.title(&self.application.name),
        }
    }

    fn snippets(&self) -> Vec<Snippet> {
        snippets(self.tenant.issuer, self.application)
    }
}

/// The kinds in the order a form shows them, with name and explanation.
fn kinds(t: &Texts) -> [(ApplicationType, &'static str, &'static str, &'static str); 4] {
    let a = &t.application;
    [
        (ApplicationType::Web, "web", a.web, a.web_help),
        (ApplicationType::Spa, "spa", a.spa, a.spa_help),
        (ApplicationType::Native, "native", a.native, a.native_help),
        (ApplicationType::Machine, "machine", a.machine, a.machine_help),
    ]
}

/// The rules in the order a form shows them, with name and explanation.
pub(super) fn profiles(t: &Texts) -> [(Profile, &'static str, &'static str, &'static str); 3] {
    let a = &t.application;
    [
        (Profile::Default, "default", a.profile_default, a.profile_default_help),
        (Profile::Compat, "compat", a.profile_compat, a.profile_compat_help),
        (Profile::Fapi2, "fapi2", a.profile_fapi2, a.profile_fapi2_help),
    ]
}

/// The kind in words.
pub(crate) fn kind_label(t: &Texts, kind: &ApplicationType) -> &'static str {
    kinds(t).into_iter().find(|(k, ..)| k == kind).map_or("", |(_, _, label, _)| label)
}

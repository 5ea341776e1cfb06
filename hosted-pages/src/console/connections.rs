//! Connections to outside identity providers: the list, a new one, one of them.

use askama::Template;
use polder_tenant_api::connections::{Connection as Details, ConnectionCheck, Provider};

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead, Undo};
use crate::texts::Texts;

/// Every connection of a tenant.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/connections.html")]
pub struct Connections<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The connections.
    pub connections: &'a [Details],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
}

/// Which provider, and then the form for it: `form#connection-form`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/connection_new.html")]
pub struct ConnectionNew<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// Which one was chosen; `None` while there is a choice.
    pub provider: Option<Provider>,
    /// What the fields hold.
    pub form: ConnectionForm<'a>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the fields of a new connection hold; a provider has those that it needs.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConnectionForm<'a> {
    /// `name`.
    pub name: &'a str,
    /// `client_id`.
    pub client_id: &'a str,
    /// `issuer`.
    pub issuer: &'a str,
    /// `directory`.
    pub directory: &'a str,
    /// `team_id`.
    pub team_id: &'a str,
    /// `key_id`.
    pub key_id: &'a str,
    /// `authorization`: an endpoint.
    pub authorization: &'a str,
    /// `token`: an endpoint.
    pub token: &'a str,
    /// `userinfo`: an endpoint.
    pub userinfo: &'a str,
    /// `scopes`: word by word.
    pub scopes: &'a str,
    /// `subject`: what names the person.
    pub subject: &'a str,
}

/// A connection, and what a check of it found.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/connection.html")]
pub struct Connection<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What can be taken back of what was just done.
    pub undo: Option<Undo<'a>>,
    /// The connection.
    pub connection: &'a Details,
    /// What was found just now.
    pub check: Option<&'a ConnectionCheck>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

impl Connections<'_> {
    const fn section(&self) -> Section {
        Section::Connections
    }
}

impl ConnectionNew<'_> {
    const fn section(&self) -> Section {
        Section::Connections
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    /// Name in the API, label and explanation.
    fn providers(&self) -> [(&'static str, &'static str, &'static str); 6] {
        let t = self.shell.t();
        let c = &t.connection;
        Provider::ALL.map(|provider| {
            let help = match provider {
                Provider::Google => c.google_help,
                Provider::Microsoft => c.microsoft_help,
                Provider::Apple => c.apple_help,
                Provider::Github => c.github_help,
                Provider::Oidc => c.oidc_help,
                Provider::Oauth2 => c.oauth2_help,
            };
            (provider.as_str(), provider_label(t, &provider), help)
        })
    }

    /// What the provider calls the secret, and what is said about it.
    const fn secret(&self) -> (&'static str, &'static str) {
        let c = &self.shell.t().connection;
        match self.provider {
            Some(Provider::Apple) => (c.private_key, c.private_key_help),
            _ => (c.client_secret, c.client_secret_help),
        }
    }
}

impl Connection<'_> {
    const fn section(&self) -> Section {
        Section::Connections
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    const fn is_apple(&self) -> bool {
        matches!(self.connection.provider, Provider::Apple)
    }
}

/// The provider in words.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
pub(crate) fn provider_label(t: &Texts, provider: &Provider) -> &'static str {
    provider.known_as().unwrap_or(match provider {
        Provider::Oauth2 => t.connection.oauth2,
        _ => t.connection.oidc,
    })
}

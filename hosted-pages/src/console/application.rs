//! One application: how it is set up, what it proves itself with, and settings ready to paste.

use askama::Template;
use polder_tenant_api::{
    Access, Application as Details, ApplicationSecret, ApplicationType, PasskeyPolicy, Preferences, SecondFactorPolicy,
    TokenEndpointAuthMethod,
};

use super::applications::{self, ApplicationForm};
use super::form::{self, FieldProblem};
use super::snippets::{Snippet, snippets};
use super::tokens::{self, Select};
use super::{Section, Shell, TenantHead, Undo, try_out};

/// An application's settings.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/application.html")]
pub struct Application<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// What can be taken back of what was just done.
    pub undo: Option<Undo<'a>>,
    /// The application as it is.
    pub application: &'a Details,
    /// The secrets that work, newest first.
    pub secrets: &'a [ApplicationSecret],
    /// What the fields hold, when a change was refused; what the application has otherwise.
    pub form: Option<ApplicationForm<'a>>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// A choice of what an application asks for.
type Demand = (&'static str, &'static str, Vec<(&'static str, &'static str, bool)>);

impl Application<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }

    fn snippets(&self) -> Vec<Snippet> {
        snippets(self.tenant.issuer, self.application)
    }

    fn name(&self) -> &str {
        self.form.map_or(self.application.name.as_str(), |form| form.name)
    }

    fn redirect_uris(&self) -> String {
        self.form.map_or_else(|| self.application.redirect_uris.join("\n"), |form| form.redirect_uris.to_owned())
    }

    fn post_logout_redirect_uris(&self) -> String {
        self.form.map_or_else(
            || self.application.post_logout_redirect_uris.join("\n"),
            |form| form.post_logout_redirect_uris.to_owned(),
        )
    }

    fn access(&self) -> &str {
        self.form.map_or(
            match self.application.access {
                Access::Everyone => "everyone",
                Access::Role { .. } => "role",
                Access::Invited => "invited",
            },
            |form| form.access,
        )
    }

    fn role(&self) -> &str {
        match (self.form, &self.application.access) {
            (Some(form), _) => form.role,
            (None, Access::Role { role }) => role,
            (None, _) => "",
        }
    }

    /// What it asks for beyond its tenant: name in the form, label, and choices as value, words and whether
    /// it is chosen.
    fn demands(&self) -> Vec<Demand> {
        let t = &self.shell.t().policies;
        let Preferences { passkeys, second_factor, .. } = &self.application.preferences;
        let held = |form: Option<&'_ str>, own: Option<&'static str>| form.or(own).unwrap_or_default().to_owned();
        let passkeys = held(self.form.map(|form| form.passkeys), passkeys.map(PasskeyPolicy::as_str));
        let second = held(self.form.map(|form| form.second_factor), second_factor.map(SecondFactorPolicy::as_str));
        let choices = |held: &str, all: [(&'static str, &'static str); 3]| {
            let all = [("", t.as_tenant)].into_iter().chain(all);
            all.map(|(value, words)| (value, words, value == held)).collect()
        };
        let passkeys = choices(
            &passkeys,
            [
                (PasskeyPolicy::Optional.as_str(), t.passkeys_optional),
                (PasskeyPolicy::Preferred.as_str(), t.passkeys_preferred),
                (PasskeyPolicy::Required.as_str(), t.passkeys_required),
            ],
        );
        let second = choices(
            &second,
            [
                (SecondFactorPolicy::Never.as_str(), t.factor_never),
                (SecondFactorPolicy::Optional.as_str(), t.factor_optional),
                (SecondFactorPolicy::Required.as_str(), t.factor_required),
            ],
        );
        vec![("passkeys", t.passkeys, passkeys), ("second_factor", t.factor, second)]
    }

    /// The rules it is held to, in a word and in plain words.
    fn profile(&self) -> (&'static str, &'static str) {
        let own = applications::profiles(self.shell.t())
            .into_iter()
            .find(|(profile, ..)| *profile == self.application.profile);
        own.map_or(("", ""), |(_, _, label, help)| (label, help))
    }

    /// What kind of tokens it gets.
    fn tokens(&self) -> Vec<Select> {
        tokens::selects(self.shell.t(), self.application, self.form.map(|form| form.tokens))
    }

    const fn authentication(&self) -> &'static str {
        match self.application.token_endpoint_auth_method {
            TokenEndpointAuthMethod::ClientSecretBasic => "client_secret_basic",
            TokenEndpointAuthMethod::ClientSecretPost => "client_secret_post",
            TokenEndpointAuthMethod::PrivateKeyJwt => "private_key_jwt",
            TokenEndpointAuthMethod::None => "none",
        }
    }

    const fn has_secret(&self) -> bool {
        matches!(
            self.application.token_endpoint_auth_method,
            TokenEndpointAuthMethod::ClientSecretBasic | TokenEndpointAuthMethod::ClientSecretPost
        )
    }

    /// Whether it proves itself with keys of its own.
    fn has_keys(&self) -> bool {
        let Details { token_endpoint_auth_method: method, jwks, preferences, .. } = self.application;
        *method == TokenEndpointAuthMethod::PrivateKeyJwt || jwks.is_some() || preferences.jwks_uri.is_some()
    }

    fn jwks(&self) -> String {
        let own = || self.application.jwks.as_ref().map(|keys| format!("{keys:#}"));
        self.form.map_or_else(|| own().unwrap_or_default(), |form| form.jwks.to_owned())
    }

    fn jwks_uri(&self) -> &str {
        let own = self.application.preferences.jwks_uri.as_deref();
        self.form.map_or(own.unwrap_or_default(), |form| form.jwks_uri)
    }

    fn backchannel_logout_uri(&self) -> &str {
        let own = self.application.preferences.backchannel_logout_uri.as_deref();
        self.form.map_or(own.unwrap_or_default(), |form| form.backchannel_logout_uri)
    }

    fn apis(&self) -> String {
        self.form.map_or_else(|| self.application.preferences.apis.join(" "), |form| form.apis.to_owned())
    }

    fn scopes(&self) -> String {
        self.form.map_or_else(|| self.application.preferences.scopes.join(" "), |form| form.scopes.to_owned())
    }

    /// Why no sign-in can be tried, where none can.
    fn hindrance(&self) -> Option<&'static str> {
        try_out::hindrance(self.shell.t(), self.application)
    }

    fn signs_people_in(&self) -> bool {
        self.application.kind != ApplicationType::Machine
    }
}

//! What an application was refused lately, in plain words.

use askama::Template;
use polder_tenant_api::{Application, ApplicationError, ApplicationErrorKind, RefusedAt};

use super::{Section, Shell, TenantHead};
use crate::amount::amount;
use crate::texts::Texts;

/// The newest refusals of an application.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/application_errors.html")]
pub struct ApplicationErrors<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The application.
    pub application: &'a Application,
    /// The refusals, newest first.
    pub errors: &'a [ApplicationError],
}

/// What is wrong, and what to do about it.
pub(super) const fn words(t: &Texts, kind: ApplicationErrorKind) -> (&'static str, &'static str) {
    let t = &t.application_error;
    match kind {
        ApplicationErrorKind::RedirectUri => (t.redirect_uri, t.redirect_uri_help),
        ApplicationErrorKind::Credentials => (t.credentials, t.credentials_help),
        ApplicationErrorKind::Code => (t.code, t.code_help),
        ApplicationErrorKind::RefreshToken => (t.refresh_token, t.refresh_token_help),
        ApplicationErrorKind::Pkce => (t.pkce, t.pkce_help),
        ApplicationErrorKind::Nonce => (t.nonce, t.nonce_help),
        ApplicationErrorKind::Scope => (t.scope, t.scope_help),
        ApplicationErrorKind::Resource => (t.resource, t.resource_help),
        ApplicationErrorKind::ResponseType => (t.response_type, t.response_type_help),
        ApplicationErrorKind::GrantType => (t.grant_type, t.grant_type_help),
        ApplicationErrorKind::NotPushed => (t.not_pushed, t.not_pushed_help),
        ApplicationErrorKind::PushedRequest => (t.pushed_request, t.pushed_request_help),
        ApplicationErrorKind::RequestObject => (t.request_object, t.request_object_help),
        ApplicationErrorKind::Dpop => (t.dpop, t.dpop_help),
        ApplicationErrorKind::SwitchedOff => (t.switched_off, t.switched_off_help),
        ApplicationErrorKind::Request => (t.request, t.request_help),
    }
}

impl ApplicationErrors<'_> {
    const fn section(&self) -> Section {
        Section::Applications
    }

    /// What was wrong, and what to do about it.
    const fn words(&self, error: &ApplicationError) -> (&'static str, &'static str) {
        words(self.shell.t(), error.kind)
    }

    const fn endpoint(&self, error: &ApplicationError) -> &'static str {
        match error.at {
            RefusedAt::Authorize => "/authorize",
            RefusedAt::Par => "/par",
            RefusedAt::Token => "/token",
        }
    }

    fn times(&self, error: &ApplicationError) -> String {
        amount(self.shell.locale, error.times)
    }

    fn is_about_redirect(&self, error: &ApplicationError) -> bool {
        error.kind == ApplicationErrorKind::RedirectUri
    }
}

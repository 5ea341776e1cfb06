//! A tenant's APIs, which its applications may ask tokens for.

use askama::Template;
use polder_tenant_api::Api;

use super::form::{self, FieldProblem};
use super::{Section, Shell, TenantHead};

/// The APIs of a tenant, and `form#api-form`, which adds one.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/apis.html")]
pub struct Apis<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The APIs, in the order they were made.
    pub apis: &'a [Api],
    /// What the form holds.
    pub form: ApiForm<'a>,
    /// What was wrong with it, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What the form for an API holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApiForm<'a> {
    /// `word`: what names it in the choices of applications.
    pub word: &'a str,
    /// `identifier`: what stands in tokens as `aud`.
    pub identifier: &'a str,
    /// `title`: what people call it.
    pub title: &'a str,
}

impl Apis<'_> {
    const fn section(&self) -> Section {
        Section::Apis
    }

    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

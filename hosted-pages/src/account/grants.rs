//! Which applications have access.

use askama::Template;

use super::Shell;
use crate::texts::Texts;

/// Forms post `application` to `/account/applications/withdraw`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "account/applications.html")]
pub struct Applications<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// Those with a grant that stands.
    pub applications: &'a [Granted<'a>],
}

/// An application with access.
#[derive(Clone, Copy, Debug)]
pub struct Granted<'a> {
    /// Names it.
    pub id: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Since when.
    pub since: &'a str,
    /// What it was granted: scopes.
    pub scopes: &'a [String],
}

impl Granted<'_> {
    fn may(&self, t: &Texts) -> String {
        let words = self.scopes.iter().map(|scope| match scope.as_str() {
            "openid" => t.apps.scope_openid,
            "profile" => t.apps.scope_profile,
            "email" => t.apps.scope_email,
            "offline_access" => t.apps.scope_offline_access,
            other => other,
        });
        words.collect::<Vec<_>>().join(", ")
    }
}

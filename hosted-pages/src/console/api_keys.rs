//! Keys of the public API.

use askama::Template;

use super::Shell;
use super::form::{self, FieldProblem};

/// The organisation's API keys; a new one is shown this once. Send it with `Cache-Control: no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/api_keys.html")]
pub struct ApiKeys<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The keys, newest first.
    pub keys: &'a [ApiKey<'a>],
    /// Where the API lives, such as `http://console.localhost:8600/api/v1`.
    pub api: &'a str,
    /// The key that was just made.
    pub created: Option<&'a str>,
    /// What the field `name` of `form#key-form` holds.
    pub name: &'a str,
    /// What the field `access` holds: `write` or `read`.
    pub access: &'a str,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// One key; the key itself is not kept.
#[derive(Clone, Copy, Debug)]
pub struct ApiKey<'a> {
    /// Names it in paths.
    pub id: &'a str,
    /// What its maker calls it.
    pub name: &'a str,
    /// Whether it may change anything.
    pub may_write: bool,
    /// When it was made, RFC 3339.
    pub created_at: &'a str,
    /// When it was last used, RFC 3339.
    pub last_used_at: Option<&'a str>,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<&'a str>,
}

impl ApiKeys<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

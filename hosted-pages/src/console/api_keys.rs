//! Keys of the public API.

use askama::Template;

use super::form::{self, FieldProblem};
use super::{Shell, Sorting};
use crate::texts::Texts;

/// The organisation's API keys; a new one is shown this once. Send it with `Cache-Control: no-store`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/api_keys.html")]
pub struct ApiKeys<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// How the table is sorted.
    pub sorting: &'a Sorting,
    /// The keys, newest first.
    pub keys: &'a [ApiKey<'a>],
    /// Cursor of the next page.
    pub next: Option<&'a str>,
    /// Where the API lives, such as `http://console.localhost:8600/api/v1`.
    pub api: &'a str,
    /// The key that was just made.
    pub created: Option<&'a str>,
    /// What `form#key-form` holds.
    pub form: ApiKeyForm<'a>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// One key: `form#key-form` posts to `/api-keys/{id}`, `form#revoke-form` to `/api-keys/{id}/revoke`.
#[derive(Clone, Copy, Template)]
#[template(path = "console/api_key.html")]
pub struct ApiKeyPage<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The key.
    pub key: ApiKey<'a>,
    /// The page of the member or key that made it, and what they are called; `None` for the installation.
    pub made_by: Option<(&'a str, &'a str)>,
    /// What `form#key-form` holds.
    pub form: ApiKeyForm<'a>,
    /// What was wrong, by field.
    pub problems: &'a [FieldProblem<'a>],
}

/// What a form about a key holds: `name`, `scope-AREA` (`none`, `read`, `write`), `expiry`, `addresses`.
#[derive(Clone, Copy, Debug)]
pub struct ApiKeyForm<'a> {
    /// Its name.
    pub name: &'a str,
    /// Each area's word, and what the key may do there.
    pub areas: &'a [(&'a str, &'a str)],
    /// In how many days it ends, `0` for never, or `keep`.
    pub expiry: &'a str,
    /// One address or network per line.
    pub addresses: &'a str,
}

/// One key; the key itself is not kept.
#[derive(Clone, Copy, Debug)]
pub struct ApiKey<'a> {
    /// Names it in paths.
    pub id: &'a str,
    /// What its maker calls it.
    pub name: &'a str,
    /// What it may do: its scopes.
    pub scopes: &'a [String],
    /// Whether it may read and change everything.
    pub all: bool,
    /// The networks it may be used from; none for everywhere.
    pub addresses: &'a [String],
    /// When it was made, RFC 3339.
    pub created_at: &'a str,
    /// When it was last used, RFC 3339.
    pub last_used_at: Option<&'a str>,
    /// When it ends by itself, RFC 3339.
    pub expires_at: Option<&'a str>,
    /// Whether that is over.
    pub expired: bool,
    /// When it was revoked, RFC 3339.
    pub revoked_at: Option<&'a str>,
}

/// A choice on a form: id, label, and value, words and whether it is chosen.
type Choice = (String, &'static str, [(&'static str, &'static str, bool); 3]);

/// The offered lives of a key, in days; `0` for ever.
pub const EXPIRIES: [&str; 4] = ["30", "90", "365", "0"];

impl ApiKeys<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

impl ApiKeyPage<'_> {
    fn problem(&self, field: &str) -> Option<&str> {
        form::of(self.problems, self.shell.t(), field)
    }
}

impl ApiKeyForm<'_> {
    /// A choice for each area.
    fn scopes(&self, t: &Texts) -> Vec<Choice> {
        let of = |(area, chosen): &(&str, &str)| {
            let choices = [("none", t.api_keys.none), ("read", t.api_keys.read), ("write", t.api_keys.write)];
            (
                format!("scope-{area}"),
                area_label(t, area),
                choices.map(|(value, words)| (value, words, value == *chosen)),
            )
        };
        self.areas.iter().map(of).collect()
    }

    /// Value, words and whether it is chosen.
    fn expiries(&self, t: &Texts) -> Vec<(&'static str, String, bool)> {
        let words = |days: &str| match days {
            "0" => t.api_keys.never.to_owned(),
            "keep" => t.api_keys.keep.to_owned(),
            days => t.api_keys.days(days),
        };
        let keep = (self.expiry == "keep").then_some("keep");
        keep.into_iter().chain(EXPIRIES).map(|days| (days, words(days), days == self.expiry)).collect()
    }
}

fn area_label(t: &Texts, area: &str) -> &'static str {
    match area {
        "tenants" => t.api_keys.area_tenants,
        "applications" => t.api_keys.area_applications,
        "users" => t.api_keys.area_users,
        "keys" => t.api_keys.area_keys,
        "audit" => t.api_keys.area_audit,
        "usage" => t.api_keys.area_usage,
        "members" => t.api_keys.area_members,
        _ => t.api_keys.area_api_keys,
    }
}

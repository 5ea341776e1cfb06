//! The keys of a tenant: what it signs and seals with.

use askama::Template;
use polder_tenant_api::{DataKey, Key, KeyState};

use super::{Section, Shell, TenantHead};

/// Signing keys, data keys and the seal key, with what rotates them. No private part is on it.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "console/keys.html")]
pub struct Keys<'a> {
    /// Around the page.
    pub shell: Shell<'a>,
    /// The tenant.
    pub tenant: TenantHead<'a>,
    /// The signing keys, newest first.
    pub signing: &'a [Key],
    /// The versions of the data keys.
    pub data: &'a [DataKey],
    /// Names the seal key.
    pub seal_key: &'a str,
    /// Since when that one is used, RFC 3339.
    pub sealed_since: Option<&'a str>,
    /// The name that was typed to confirm an emergency, and is another's.
    pub wrong: Option<&'a str>,
}

impl Keys<'_> {
    const fn section(&self) -> Section {
        Section::Keys
    }

    fn state(&self, key: &Key) -> &'static str {
        let t = &self.shell.t().keys;
        match key.state {
            KeyState::Next => t.next,
            KeyState::Active => t.active,
            KeyState::Retired => t.retired,
            KeyState::Removed => t.removed,
        }
    }

    /// How a state looks, as for tenants.
    const fn look(&self, key: &Key) -> &'static str {
        match key.state {
            KeyState::Next => "busy",
            KeyState::Active => "good",
            KeyState::Retired | KeyState::Removed => "calm",
        }
    }

    fn problem(&self) -> Option<&'static str> {
        self.wrong.map(|_| self.shell.t().keys.not_the_name)
    }
}

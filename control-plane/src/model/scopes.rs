//! What a key of the public API may do, area by area.

use std::fmt;
use std::str::FromStr;

use super::KeyAccess;

/// A part of the public API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Area {
    /// Tenants: their life, settings, looks and ways out.
    Tenants,
    /// Applications and what they may ask tokens for.
    Applications,
    /// People, their sessions and what keeps them out.
    Users,
    /// A tenant's own keys.
    Keys,
    /// Audit logs.
    Audit,
    /// How much is used.
    Usage,
    /// The organisation, its members and invitations.
    Members,
    /// Keys of the public API.
    ApiKeys,
}

impl Area {
    /// Every area.
    pub const ALL: [Self; 8] = [
        Self::Tenants,
        Self::Applications,
        Self::Users,
        Self::Keys,
        Self::Audit,
        Self::Usage,
        Self::Members,
        Self::ApiKeys,
    ];

    /// The word before the colon of a scope.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenants => "tenants",
            Self::Applications => "applications",
            Self::Users => "users",
            Self::Keys => "keys",
            Self::Audit => "audit",
            Self::Usage => "usage",
            Self::Members => "members",
            Self::ApiKeys => "api-keys",
        }
    }

    /// The area of an operation, by its path below `/api/v1`; `None` for one that no key reaches.
    pub fn of(path: &str) -> Option<Self> {
        let mut words = path.trim_start_matches('/').split('/');
        let first = words.next()?;
        Some(match (first, words.nth(1)) {
            ("tenants", Some(within)) => match within {
                "applications" | "apis" | "registration-tokens" => Self::Applications,
                "users" | "sessions" | "sign-in-attempts" | "lockouts" | "logout-deliveries" | "messages"
                | "privacy" | "imports" | "user-imports" | "invitations" => Self::Users,
                "keys" | "data-keys" | "seal-key" | "assertion-key" => Self::Keys,
                "audit-events" | "audit" => Self::Audit,
                "usage" | "statistics" | "insights" => Self::Usage,
                "events" | "suspend" | "resume" | "sleep" | "wake" | "restart" | "database" | "terminate" | "undo"
                | "destroy" | "certificate" | "connections" | "blocklists" | "settings" | "branding"
                | "profile-fields" | "egress" | "domains" | "webhooks" | "backups" | "exports" => Self::Tenants,
                _ => return None,
            },
            ("tenants", None) => Self::Tenants,
            ("audit-events", _) => Self::Audit,
            ("usage", _) => Self::Usage,
            ("members" | "invitations" | "organisation" | "staff-access", _) => Self::Members,
            ("api-keys", _) => Self::ApiKeys,
            _ => return None,
        })
    }

    /// What an operation is to a key, by its path as for [`Area::of`] and by whether it only reads. A person's whole file
    /// is read, and is not for everybody who may look at people: in the console, too, it is for those who may change them.
    pub fn access(path: &str, reads: bool) -> KeyAccess {
        if reads && path != "/tenants/{slug}/users/{id}/data" { KeyAccess::Read } else { KeyAccess::Write }
    }

    const fn place(self) -> usize {
        self as usize
    }
}

/// What a key may do in each area: nothing, read, or read and write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes([Option<KeyAccess>; Area::ALL.len()]);

impl Scopes {
    /// The same in every area.
    pub const fn all(access: KeyAccess) -> Self {
        Self([Some(access); Area::ALL.len()])
    }

    /// What keys of before there were scopes may do: what they could, which was nothing about members and keys.
    pub const fn of_before(access: KeyAccess) -> Self {
        let mut scopes = Self::all(access);
        scopes.0[Area::Members.place()] = None;
        scopes.0[Area::ApiKeys.place()] = None;
        scopes
    }

    /// What it may do in an area.
    pub const fn in_area(self, area: Area) -> Option<KeyAccess> {
        self.0[area.place()]
    }

    /// With this in an area.
    #[must_use]
    pub const fn with(mut self, area: Area, access: Option<KeyAccess>) -> Self {
        self.0[area.place()] = access;
        self
    }

    /// Whether it may do this in that area.
    pub const fn allow(self, area: Area, wanted: KeyAccess) -> bool {
        match (self.in_area(area), wanted) {
            (None, _) | (Some(KeyAccess::Read), KeyAccess::Write) => false,
            (Some(_), _) => true,
        }
    }

    /// Whether it may do all that `other` may.
    pub fn include(self, other: Self) -> bool {
        Area::ALL.into_iter().all(|area| other.in_area(area).is_none_or(|wanted| self.allow(area, wanted)))
    }

    /// Whether there is nothing it may do.
    pub fn is_empty(self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Whether it may change anything anywhere.
    pub fn may_write(self) -> bool {
        self.0.contains(&Some(KeyAccess::Write))
    }

    /// Its words, such as `users:write`, in the order of the areas.
    pub fn words(self) -> Vec<String> {
        let held = Area::ALL.into_iter().filter_map(|area| Some((area, self.in_area(area)?)));
        held.map(|(area, access)| format!("{}:{access}", area.as_str())).collect()
    }

    /// Reads words. The wider of two for one area counts.
    ///
    /// # Errors
    /// The place of a word that is none.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, usize> {
        let mut scopes = Self::default();
        for (at, word) in words.into_iter().enumerate() {
            let (area, access) = word.split_once(':').ok_or(at)?;
            let area = Area::ALL.into_iter().find(|known| known.as_str() == area).ok_or(at)?;
            let access: KeyAccess = access.parse().map_err(|_| at)?;
            if !scopes.allow(area, access) {
                scopes = scopes.with(area, Some(access));
            }
        }
        Ok(scopes)
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join(" "))
    }
}

/// The text names no scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not scopes of a key")]
pub struct NotScopes;

impl FromStr for Scopes {
    type Err = NotScopes;
    fn from_str(text: &str) -> Result<Self, NotScopes> {
        Self::parse(text.split(' ').filter(|word| !word.is_empty())).map_err(|_| NotScopes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g22_every_operation_has_an_area() {
        let document = serde_json::to_value(crate::api::router::document()).unwrap();
        for path in document["paths"].as_object().unwrap().keys() {
            assert!(Area::of(path).is_some(), "{path} is in no area: no key reaches it");
        }
        assert_eq!(Area::of("/tenants/{slug}/nothing"), None);
        assert_eq!(Area::of("/nothing"), None);
        assert_eq!(Area::of("/tenants/{slug}/applications/{id}/secrets"), Some(Area::Applications));
    }

    #[test]
    fn g22_scopes_come_back_from_their_words_and_write_includes_read() {
        let scopes = Scopes::parse(["users:read", "users:write", "audit:read"]).unwrap();
        assert_eq!(scopes.to_string(), "users:write audit:read");
        assert_eq!(scopes.to_string().parse(), Ok(scopes));
        assert!(scopes.allow(Area::Users, KeyAccess::Read) && scopes.allow(Area::Users, KeyAccess::Write));
        assert!(!scopes.allow(Area::Audit, KeyAccess::Write) && !scopes.allow(Area::Tenants, KeyAccess::Read));
        for wrong in ["users", "users:", ":read", "users:all", "Users:read", "everything:read"] {
            assert_eq!(Scopes::parse(["audit:read", wrong]), Err(1), "{wrong}");
        }
        assert!(Scopes::all(KeyAccess::Write).include(scopes) && !scopes.include(Scopes::all(KeyAccess::Read)));
        let before = Scopes::of_before(KeyAccess::Write);
        assert!(!before.allow(Area::Members, KeyAccess::Read) && !before.allow(Area::ApiKeys, KeyAccess::Read));
        assert!(before.allow(Area::Tenants, KeyAccess::Write));
    }
}

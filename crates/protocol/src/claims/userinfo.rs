//! What userinfo says about a person (OpenID Connect Core 5.1, 5.4).

use polder_kernel::{Email, Locale, Timestamp};
use serde_json::{Map, Value, json};

use crate::Scope;
use crate::scope::{EMAIL, PROFILE, ROLES};

/// Every claim that can appear in an ID token or in userinfo, for `claims_supported`.
pub const SUPPORTED: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "sid",
    "name",
    "locale",
    "updated_at",
    "email",
    "email_verified",
    "roles",
];

/// What is known about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The `sub`.
    pub id: String,
    /// The name shown to applications.
    pub name: Option<String>,
    /// The address.
    pub email: Option<Email>,
    /// Whether the address was proved.
    pub email_verified: bool,
    /// The language.
    pub locale: Option<Locale>,
    /// When any of this last changed.
    pub updated_at: Option<Timestamp>,
    /// Roles in this tenant.
    pub roles: Vec<String>,
}

/// The claims that the scope grants. What is not known is left out: never null, never an empty text
/// (A14). Roles are a list, and an empty list says something.
pub fn userinfo(scope: &Scope, person: &Person) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("sub".to_owned(), json!(person.id));
    let mut add = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            claims.insert(name.to_owned(), value);
        }
    };
    if scope.contains(PROFILE) {
        add("name", person.name.as_deref().filter(|name| !name.is_empty()).map(Value::from));
        add("locale", person.locale.map(|locale| locale.tag().into()));
        add("updated_at", person.updated_at.map(|at| at.seconds().into()));
    }
    if scope.contains(EMAIL) {
        add("email", person.email.as_ref().map(|email| email.as_str().into()));
        add("email_verified", person.email.as_ref().map(|_| person.email_verified.into()));
    }
    if scope.contains(ROLES) {
        add("roles", Some(person.roles.clone().into()));
    }
    claims
}

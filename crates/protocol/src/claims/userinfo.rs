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

/// Which scope grants a claim; `None` for one that is not about the person, or that a tenant defines.
pub fn scope_of(claim: &str) -> Option<&'static str> {
    match claim {
        "name" | "locale" | "updated_at" => Some(PROFILE),
        "email" | "email_verified" => Some(EMAIL),
        "roles" => Some(ROLES),
        _ => None,
    }
}

/// The claims that the scope grants, and those that were asked for by name (Core 5.5). What is not known is
/// left out: never null, never an empty text (A14). Roles are a list, and an empty list says something.
pub fn userinfo(scope: &Scope, asked: &[String], person: &Person) -> Map<String, Value> {
    let mut claims = named(person, |claim, of| scope.contains(of) || asked.iter().any(|name| name == claim));
    claims.insert("sub".to_owned(), json!(person.id));
    claims
}

/// Those claims about a person that were asked for by name, without `sub`.
pub fn asked_for(asked: &[String], person: &Person) -> Map<String, Value> {
    named(person, |claim, _| asked.iter().any(|name| name == claim))
}

fn named(person: &Person, shows: impl Fn(&str, &str) -> bool) -> Map<String, Value> {
    let known = [
        ("name", person.name.as_deref().filter(|name| !name.is_empty()).map(Value::from)),
        ("locale", person.locale.map(|locale| locale.tag().into())),
        ("updated_at", person.updated_at.map(|at| at.seconds().into())),
        ("email", person.email.as_ref().map(|email| email.as_str().into())),
        ("email_verified", person.email.as_ref().map(|_| person.email_verified.into())),
        ("roles", Some(person.roles.clone().into())),
    ];
    let shown = known.into_iter().filter(|(claim, _)| scope_of(claim).is_some_and(|of| shows(claim, of)));
    shown.filter_map(|(claim, value)| Some((claim.to_owned(), value?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Person {
        Person {
            id: "ann".to_owned(),
            name: Some("Ann".to_owned()),
            email: "ann@example.test".parse().ok(),
            email_verified: true,
            locale: Some(Locale::Nl),
            updated_at: Some(Timestamp::from_millis(1_500)),
            roles: vec!["coach".to_owned()],
        }
    }

    fn empty() -> Person {
        Person { name: Some(String::new()), email: None, locale: None, updated_at: None, roles: Vec::new(), ..full() }
    }

    fn claims(scope: &str, person: &Person) -> Value {
        Value::Object(userinfo(&Scope::parse(scope).unwrap(), &[], person))
    }

    #[test]
    fn a14_each_scope_gives_its_claims_with_their_types() {
        assert_eq!(claims("openid", &full()), json!({ "sub": "ann" }));
        assert_eq!(
            claims("openid profile", &full()),
            json!({ "sub": "ann", "name": "Ann", "locale": "nl", "updated_at": 1 })
        );
        assert_eq!(
            claims("openid email", &full()),
            json!({ "sub": "ann", "email": "ann@example.test", "email_verified": true })
        );
        assert_eq!(claims("openid roles", &full()), json!({ "sub": "ann", "roles": ["coach"] }));
    }

    #[test]
    fn a14_what_is_not_known_is_left_out() {
        assert_eq!(claims("openid profile email roles", &empty()), json!({ "sub": "ann", "roles": [] }));
        let unproved = Person { email_verified: false, ..full() };
        assert_eq!(claims("openid email", &unproved)["email_verified"], json!(false));
    }

    #[test]
    fn a03_every_claim_is_advertised() {
        let all = userinfo(&Scope::parse("openid profile email roles").unwrap(), &[], &full());
        assert!(all.keys().all(|name| SUPPORTED.contains(&name.as_str())), "{all:?}");
    }

    #[test]
    fn a26_a_claim_that_is_asked_for_comes_without_its_scope_and_alone() {
        let asked = ["email".to_owned(), "website".to_owned()];
        let claims = userinfo(&Scope::parse("openid").unwrap(), &asked, &full());
        assert_eq!(Value::Object(claims), json!({ "sub": "ann", "email": "ann@example.test" }));
        assert_eq!(Value::Object(asked_for(&asked, &full())), json!({ "email": "ann@example.test" }));
        assert_eq!(asked_for(&asked, &empty()).len(), 0);
    }
}

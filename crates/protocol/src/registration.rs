//! What an application may be registered as (RFC 7591 2, 5): the same rules for console, API and seed.

pub mod information;
pub mod metadata;

use std::collections::BTreeSet;

use crate::{ApplicationType, AuthMethod, GrantType, Profile, RedirectUri, Scope, redirect_uri, resource, scope};

/// What is asked for; `None` takes the default of the type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What kind of program it is.
    pub kind: ApplicationType,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask the token endpoint for.
    pub grant_types: Option<Vec<String>>,
    /// How it proves itself.
    pub auth_method: Option<AuthMethod>,
    /// Scopes beyond the standard ones.
    pub scopes: Vec<String>,
    /// The audience of its access tokens.
    pub audience: Option<String>,
    /// The rules it is held to.
    pub profile: Profile,
    /// Whether it registers keys of its own.
    pub has_keys: bool,
}

/// What is registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// How it proves itself.
    pub auth_method: AuthMethod,
    /// Scopes beyond the standard ones.
    pub scopes: Scope,
    /// The audience of its access tokens, where one of its own was chosen.
    pub audience: Option<String>,
}

/// One thing that is wrong, for the developer who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The member it is about, as RFC 7591 names it.
    pub field: &'static str,
    /// `invalid_redirect_uri` or `invalid_client_metadata`.
    pub code: &'static str,
    /// What it must be.
    pub message: String,
}

/// The most redirect URIs of one application.
pub const MAX_URIS: usize = 50;

/// Checks everything and says all that is wrong at once. `dev` as in [`redirect_uri::register`].
pub fn check(wish: &Wish, dev: bool) -> Result<Accepted, Vec<Invalid>> {
    let mut wrong = Vec::new();
    let auth_method = wish.auth_method.unwrap_or_else(|| default_auth_method(wish));
    if (auth_method == AuthMethod::None) != is_public(wish.kind) {
        wrong.push(unfit(
            "token_endpoint_auth_method",
            "spa and native applications keep no secret: none; web and machine applications need one",
        ));
    }
    if !wish.profile.demands().auth_methods.contains(&auth_method) {
        wrong.push(unfit("token_endpoint_auth_method", "the profile asks for private_key_jwt"));
    }
    if auth_method == AuthMethod::PrivateKeyJwt && !wish.has_keys {
        wrong.push(unfit("jwks", "private_key_jwt needs the public keys that assertions are signed with"));
    }
    let grant_types = grants(wish, &mut wrong);
    let redirect_uris = uris("redirect_uris", &wish.redirect_uris, wish.kind, dev, &mut wrong);
    let post_logout_redirect_uris =
        uris("post_logout_redirect_uris", &wish.post_logout_redirect_uris, wish.kind, dev, &mut wrong);
    if grant_types.contains(&GrantType::AuthorizationCode) && wish.redirect_uris.is_empty() {
        wrong.push(redirect("redirect_uris", "an application that signs people in needs at least one".to_owned()));
    }
    let scopes = scopes(wish, &mut wrong);
    if wish.audience.as_deref().is_some_and(|audience| !resource::is_absolute(audience)) {
        wrong.push(unfit("audience", "must be an absolute URI without a fragment"));
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let audience = wish.audience.clone();
    Ok(Accepted { redirect_uris, post_logout_redirect_uris, grant_types, auth_method, scopes, audience })
}

const fn is_public(kind: ApplicationType) -> bool {
    matches!(kind, ApplicationType::Spa | ApplicationType::Native)
}

fn default_auth_method(wish: &Wish) -> AuthMethod {
    match wish.profile {
        _ if is_public(wish.kind) => AuthMethod::None,
        Profile::Fapi2 => AuthMethod::PrivateKeyJwt,
        Profile::Default | Profile::Compat => AuthMethod::ClientSecretBasic,
    }
}

/// The grants in their own order; what is wrong with them is noted.
fn grants(wish: &Wish, wrong: &mut Vec<Invalid>) -> Vec<GrantType> {
    let Some(named) = &wish.grant_types else {
        return match wish.kind {
            ApplicationType::Machine => vec![GrantType::ClientCredentials],
            _ => vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
        };
    };
    let Ok(named) = named.iter().map(|name| name.parse()).collect::<Result<Vec<GrantType>, _>>() else {
        wrong.push(unfit("grant_types", "must be among authorization_code, refresh_token, client_credentials and urn:ietf:params:oauth:grant-type:device_code"));
        return Vec::new();
    };
    let grants: Vec<_> = GrantType::ALL.into_iter().filter(|grant| named.contains(grant)).collect();
    if let Some(message) = misfit(wish.kind, &grants) {
        wrong.push(unfit("grant_types", message));
    }
    grants
}

/// Machines have no people, public clients no credentials of their own (B17), a refresh token follows from a
/// code, and what runs in a browser is no device without one.
fn misfit(kind: ApplicationType, grants: &[GrantType]) -> Option<&'static str> {
    let has = |grant| grants.contains(&grant);
    if grants.is_empty() {
        Some("must name at least one grant")
    } else if kind == ApplicationType::Machine && grants != [GrantType::ClientCredentials] {
        Some("a machine application uses client_credentials alone")
    } else if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) && !has(GrantType::DeviceCode) {
        Some("refresh_token needs authorization_code or the device grant")
    } else if has(GrantType::DeviceCode) && kind == ApplicationType::Spa {
        Some("a program in a browser has a person at it: it needs no device grant")
    } else if is_public(kind) && has(GrantType::ClientCredentials) {
        Some("client_credentials needs an application that keeps a secret")
    } else {
        None
    }
}

fn uris(
    field: &'static str,
    sent: &[String],
    kind: ApplicationType,
    dev: bool,
    wrong: &mut Vec<Invalid>,
) -> Vec<RedirectUri> {
    if sent.len() > MAX_URIS {
        wrong.push(redirect(field, format!("at most {MAX_URIS}")));
        return Vec::new();
    }
    if sent.iter().collect::<BTreeSet<_>>().len() < sent.len() {
        wrong.push(redirect(field, "each only once".to_owned()));
    }
    let mut accepted = Vec::new();
    for (place, text) in sent.iter().enumerate() {
        match redirect_uri::register(text, kind, dev) {
            Ok(uri) => accepted.push(uri),
            Err(error) => wrong.push(redirect(field, format!("number {}: {error}", place + 1))),
        }
    }
    accepted
}

fn scopes(wish: &Wish, wrong: &mut Vec<Invalid>) -> Scope {
    if !wish.scopes.iter().all(|token| scope::is_token(token) && !scope::STANDARD.contains(&token.as_str())) {
        wrong.push(unfit("scopes", "must be single scope tokens other than the standard ones"));
    }
    wish.scopes.iter().map(String::as_str).collect()
}

fn unfit(field: &'static str, message: &str) -> Invalid {
    Invalid { field, code: "invalid_client_metadata", message: message.to_owned() }
}

fn redirect(field: &'static str, message: String) -> Invalid {
    Invalid { field, code: "invalid_redirect_uri", message }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(kind: ApplicationType) -> Wish {
        let uris =
            if kind == ApplicationType::Machine { vec![] } else { vec!["https://app.example.test/cb".to_owned()] };
        Wish {
            kind,
            redirect_uris: uris,
            post_logout_redirect_uris: Vec::new(),
            grant_types: None,
            auth_method: None,
            scopes: Vec::new(),
            audience: None,
            profile: Profile::Default,
            has_keys: false,
        }
    }

    fn fields(wish: &Wish) -> Vec<&'static str> {
        check(wish, false).unwrap_err().into_iter().map(|invalid| invalid.field).collect()
    }

    fn with_grants(kind: ApplicationType, grants: &[&str]) -> Wish {
        Wish { grant_types: Some(grants.iter().map(|&grant| grant.to_owned()).collect()), ..wish(kind) }
    }

    #[test]
    fn each_type_has_its_defaults() {
        use ApplicationType::*;
        for (kind, method, grants) in [
            (Web, AuthMethod::ClientSecretBasic, vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
            (Spa, AuthMethod::None, vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
            (Native, AuthMethod::None, vec![GrantType::AuthorizationCode, GrantType::RefreshToken]),
            (Machine, AuthMethod::ClientSecretBasic, vec![GrantType::ClientCredentials]),
        ] {
            let accepted = check(&wish(kind), false).unwrap();
            assert_eq!((accepted.auth_method, accepted.grant_types), (method, grants), "{kind}");
        }
    }

    #[test]
    fn a33_bad_redirect_uris_are_named_by_place() {
        let bad = Wish {
            redirect_uris: vec!["https://app.example.test/cb".to_owned(), "http://app.example.test/cb#x".to_owned()],
            ..wish(ApplicationType::Web)
        };
        let wrong = check(&bad, false).unwrap_err();
        assert_eq!((wrong[0].field, wrong[0].code), ("redirect_uris", "invalid_redirect_uri"));
        assert!(wrong[0].message.starts_with("number 2: "), "{}", wrong[0].message);
        let logout =
            Wish { post_logout_redirect_uris: vec!["javascript:alert(1)".to_owned()], ..wish(ApplicationType::Web) };
        assert_eq!(fields(&logout), ["post_logout_redirect_uris"]);
        let twice =
            Wish { redirect_uris: vec!["https://app.example.test/cb".to_owned(); 2], ..wish(ApplicationType::Web) };
        assert_eq!(fields(&twice), ["redirect_uris"]);
        let none = Wish { redirect_uris: Vec::new(), ..wish(ApplicationType::Web) };
        assert_eq!(fields(&none), ["redirect_uris"]);
        let many = Wish {
            redirect_uris: (0..51).map(|n| format!("https://app.example.test/{n}")).collect(),
            ..wish(ApplicationType::Web)
        };
        assert_eq!(fields(&many), ["redirect_uris"]);
    }

    #[test]
    fn b11_the_method_follows_from_what_can_keep_a_secret() {
        use ApplicationType::*;
        for (kind, method, fits) in [
            (Web, AuthMethod::ClientSecretPost, true),
            (Web, AuthMethod::None, false),
            (Machine, AuthMethod::None, false),
            (Spa, AuthMethod::ClientSecretBasic, false),
            (Native, AuthMethod::ClientSecretPost, false),
        ] {
            let result = check(&Wish { auth_method: Some(method), ..wish(kind) }, false);
            assert_eq!(result.is_ok(), fits, "{kind} {method}");
        }
    }

    #[test]
    fn b70_who_signs_assertions_registers_keys() {
        let by_key = Wish { auth_method: Some(AuthMethod::PrivateKeyJwt), ..wish(ApplicationType::Web) };
        assert_eq!(fields(&by_key), ["jwks"]);
        assert!(check(&Wish { has_keys: true, ..by_key }, false).is_ok());
    }

    #[test]
    fn a67_fapi2_is_for_applications_with_keys() {
        use ApplicationType::*;
        let fapi2 = |kind| Wish { profile: Profile::Fapi2, has_keys: true, ..wish(kind) };
        for kind in [Web, Machine] {
            assert_eq!(check(&fapi2(kind), false).unwrap().auth_method, AuthMethod::PrivateKeyJwt);
        }
        for kind in [Spa, Native] {
            assert_eq!(fields(&fapi2(kind)), ["token_endpoint_auth_method"], "{kind}");
        }
        assert_eq!(fields(&Wish { has_keys: false, ..fapi2(Web) }), ["jwks"]);
        let by_secret = Wish { auth_method: Some(AuthMethod::ClientSecretBasic), ..fapi2(Web) };
        assert_eq!(fields(&by_secret), ["token_endpoint_auth_method"]);
    }

    #[test]
    fn b12_grants_fit_the_type() {
        use ApplicationType::*;
        for (kind, grants) in [
            (Web, vec!["password"]),
            (Web, vec!["authorization_code", "implicit"]),
            (Web, vec![]),
            (Web, vec!["refresh_token"]),
            (Machine, vec!["client_credentials", "refresh_token"]),
            (Machine, vec!["authorization_code"]),
            (Spa, vec!["authorization_code", "client_credentials"]),
            (Native, vec!["client_credentials"]),
            (Spa, vec!["authorization_code", "urn:ietf:params:oauth:grant-type:device_code"]),
            (Machine, vec!["urn:ietf:params:oauth:grant-type:device_code"]),
        ] {
            assert_eq!(fields(&with_grants(kind, &grants))[0], "grant_types", "{kind} {grants:?}");
        }
        let all = check(
            &with_grants(Web, &["authorization_code", "refresh_token", "client_credentials", "refresh_token"]),
            false,
        );
        assert_eq!(all.unwrap().grant_types, GrantType::ALL[..3]);
        let device = ["urn:ietf:params:oauth:grant-type:device_code", "refresh_token"];
        let television = Wish { redirect_uris: Vec::new(), ..with_grants(Native, &device) };
        assert_eq!(check(&television, false).unwrap().grant_types, [GrantType::RefreshToken, GrantType::DeviceCode]);
    }

    #[test]
    fn b05_own_scopes_are_tokens_and_not_the_standard_ones() {
        let scopes = |scopes: &[&str]| Wish {
            scopes: scopes.iter().map(|&s| s.to_owned()).collect(),
            ..wish(ApplicationType::Web)
        };
        assert_eq!(check(&scopes(&["api:read"]), false).unwrap().scopes.to_string(), "api:read");
        for wrong in ["openid", "roles", "a b", "", "a\"b"] {
            assert_eq!(fields(&scopes(&[wrong])), ["scopes"], "{wrong}");
        }
    }

    #[test]
    fn b79_an_audience_is_an_absolute_uri() {
        let audience = |text: &str| Wish { audience: Some(text.to_owned()), ..wish(ApplicationType::Web) };
        assert!(check(&audience("https://api.example.test/v1"), false).is_ok());
        for wrong in ["api", "/v1", "https://api.example.test/#x", ""] {
            assert_eq!(fields(&audience(wrong)), ["audience"], "{wrong}");
        }
    }
}

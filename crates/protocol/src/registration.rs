//! What an application may be registered as (RFC 7591 2, 5): the same rules for console, API and seed.

use std::collections::BTreeSet;

use crate::{ApplicationType, AuthMethod, GrantType, RedirectUri, Scope, redirect_uri, resource, scope};

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
    let auth_method = wish.auth_method.unwrap_or_else(|| default_auth_method(wish.kind));
    if (auth_method == AuthMethod::None) != is_public(wish.kind) {
        wrong.push(metadata(
            "token_endpoint_auth_method",
            "spa and native applications keep no secret: none; web and machine applications need one",
        ));
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
        wrong.push(metadata("audience", "must be an absolute URI without a fragment"));
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

const fn default_auth_method(kind: ApplicationType) -> AuthMethod {
    if is_public(kind) { AuthMethod::None } else { AuthMethod::ClientSecretBasic }
}

/// The grants, or what is wrong with them: machines have no people, public clients no credentials of
/// their own (B17), and a refresh token follows from a code.
fn grants(wish: &Wish, wrong: &mut Vec<Invalid>) -> Vec<GrantType> {
    let machine = wish.kind == ApplicationType::Machine;
    let Some(named) = &wish.grant_types else {
        return if machine {
            vec![GrantType::ClientCredentials]
        } else {
            vec![GrantType::AuthorizationCode, GrantType::RefreshToken]
        };
    };
    let mut grants = Vec::new();
    for name in named {
        match name.parse::<GrantType>() {
            Ok(grant) if !grants.contains(&grant) => grants.push(grant),
            Ok(_) => {}
            Err(_) => wrong.push(metadata(
                "grant_types",
                "must be among authorization_code, refresh_token and client_credentials",
            )),
        }
    }
    let has = |grant| grants.contains(&grant);
    if grants.is_empty() && !named.is_empty() {
        return grants;
    }
    if grants.is_empty() {
        wrong.push(metadata("grant_types", "must name at least one grant"));
    } else if machine && (has(GrantType::AuthorizationCode) || has(GrantType::RefreshToken)) {
        wrong.push(metadata("grant_types", "a machine application uses client_credentials alone"));
    } else if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        wrong.push(metadata("grant_types", "refresh_token needs authorization_code"));
    } else if is_public(wish.kind) && has(GrantType::ClientCredentials) {
        wrong.push(metadata("grant_types", "client_credentials needs a client that keeps a secret"));
    }
    grants
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
        wrong.push(metadata("scopes", "must be single scope tokens other than the standard ones"));
    }
    wish.scopes.iter().map(String::as_str).collect()
}

fn metadata(field: &'static str, message: &str) -> Invalid {
    Invalid { field, code: "invalid_client_metadata", message: message.to_owned() }
}

fn redirect(field: &'static str, message: String) -> Invalid {
    Invalid { field, code: "invalid_redirect_uri", message }
}

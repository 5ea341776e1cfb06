//! From what was asked for to an application that may be registered, and to a secret for it.

use std::time::Duration;

use polder_crypto::ForeignKeys;
use polder_kernel::{Secret, Timestamp};
use polder_protocol::registration::{self, Accepted, Invalid, Wish};
use polder_protocol::{self as protocol, Client, Insists};
use polder_service::Problem;
use polder_tenant_api as api;

use super::addresses;
use super::preferences::{algorithm, check_lifetimes, check_signing, check_subjects, wrong};
use crate::App;
use crate::account::name;
use crate::error::ProblemError;
use crate::model::Application;
use crate::model::application::{DEFAULT_ACCESS_TOKEN_ALG, usual_id_token_alg};
use crate::oidc::subject;
use crate::store::applications::NewSecret;

/// How long earlier secrets go on working after a new one was made (B18).
pub const OVERLAP: Duration = Duration::from_secs(7 * 24 * 3600);

/// Checks everything that is asked for. Says all that is wrong at once.
pub fn accept(app: &App, new: api::NewApplication) -> Result<Application, ProblemError> {
    let now = app.clock.now();
    let id = api::ApplicationId::new(&app.clock, &app.entropy);
    let wish = Wish {
        kind: kind(new.kind),
        redirect_uris: new.redirect_uris,
        post_logout_redirect_uris: new.post_logout_redirect_uris,
        grant_types: new.grant_types,
        auth_method: new.token_endpoint_auth_method.map(auth_method),
        scopes: new.preferences.scopes.clone(),
        audience: new.preferences.audience.clone(),
        profile: profile(new.profile),
        has_keys: new.jwks.is_some() || new.preferences.jwks_uri.is_some(),
    };
    check_one_source(new.jwks.as_ref(), &new.preferences)?;
    let accepted = check(app, &wish)?;
    let (name, keys) = (plain_name(&new.name)?, keys(new.jwks.as_ref())?);
    let draft = Draft { id, name, access: new.access, preferences: new.preferences, keys, now };
    let application = assemble(app, &wish, accepted, draft, None)?;
    check_subjects(&application, None)?;
    let has_people = |grant: &protocol::GrantType| *grant != protocol::GrantType::ClientCredentials;
    if new.third_party && !application.client.grant_types.iter().any(has_people) {
        return Err(wrong("/third_party", "nobody is asked for consent where nobody signs in"));
    }
    Ok(Application { third_party: new.third_party, ..application })
}

/// Applies changes to an application, under the same rules.
pub fn accept_changes(
    app: &App,
    current: &Application,
    changes: api::ApplicationChanges,
) -> Result<Application, ProblemError> {
    let texts = |uris: &[protocol::RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    let preferences = changes.preferences.unwrap_or_else(|| current.preferences.clone());
    let client = &current.client;
    let wish = Wish {
        kind: client.kind,
        redirect_uris: changes.redirect_uris.unwrap_or_else(|| texts(&client.redirect_uris)),
        post_logout_redirect_uris: changes
            .post_logout_redirect_uris
            .unwrap_or_else(|| texts(&client.post_logout_redirect_uris)),
        grant_types: Some(client.grant_types.iter().map(|grant| grant.as_str().to_owned()).collect()),
        auth_method: Some(changes.token_endpoint_auth_method.map_or(client.auth_method, auth_method)),
        scopes: preferences.scopes.clone(),
        audience: preferences.audience.clone(),
        profile: changes.profile.map_or(client.profile, profile),
        has_keys: changes.jwks.is_some() || current.keys.is_some() || preferences.jwks_uri.is_some(),
    };
    check_one_source(changes.jwks.as_ref(), &preferences)?;
    // Who says where its keys are has none elsewhere.
    let kept = current.keys.clone().filter(|_| preferences.jwks_uri.is_none());
    let accepted = check(app, &wish)?;
    let draft = Draft {
        id: current.id,
        name: changes.name.as_deref().map_or_else(|| Ok(current.name.clone()), plain_name)?,
        access: changes.access.unwrap_or_else(|| current.access.clone()),
        preferences,
        keys: keys(changes.jwks.as_ref())?.or(kept),
        now: app.clock.now(),
    };
    let disabled_at = match changes.disabled {
        Some(true) => current.disabled_at.or(Some(draft.now)),
        Some(false) => None,
        None => current.disabled_at,
    };
    let changed = assemble(app, &wish, accepted, draft, disabled_at)?;
    check_subjects(&changed, Some(current))?;
    Ok(Application {
        third_party: current.third_party,
        created_at: current.created_at,
        secrets: current.secrets.clone(),
        registered_with: current.registered_with.clone(),
        ..changed
    })
}

/// Puts what an application says of itself now in place of all it said before, under the same rules. What is not its
/// own to say stays.
pub fn accept_again(app: &App, current: &Application, new: api::NewApplication) -> Result<Application, ProblemError> {
    let fresh = accept(app, api::NewApplication { third_party: false, ..new })?;
    if fresh.client.kind != current.client.kind {
        return Err(wrong("/application_type", "what kind of program it is stays: register another"));
    }
    let is_machine = current.client.kind == protocol::ApplicationType::Machine;
    if !is_machine && !current.third_party {
        return Err(wrong("/grant_types", "people are never asked about this application: register another"));
    }
    // What an administrator let it ask people for would become its own, without any people.
    let alone = protocol::GrantType::ClientCredentials;
    if fresh.client.grant_types.contains(&alone) && !current.client.grant_types.contains(&alone) {
        return Err(wrong("/grant_types", "client_credentials cannot be added: register another"));
    }
    let changed = Application {
        id: current.id,
        client: Client { id: current.client.id.clone(), ..fresh.client },
        third_party: current.third_party,
        access: current.access.clone(),
        secrets: current.secrets.clone(),
        registered_with: current.registered_with.clone(),
        created_at: current.created_at,
        disabled_at: current.disabled_at,
        ..fresh
    };
    check_subjects(&changed, Some(current))?;
    Ok(changed)
}

/// A new secret: shown once, stored as its keyed hash.
pub fn secret(app: &App) -> (Secret<String>, NewSecret) {
    let secret = app.entropy.token();
    let hash = app.keyring.index("client-secret", secret.expose().as_bytes());
    let id = api::ApplicationSecretId::new(&app.clock, &app.entropy);
    (secret, NewSecret { id, hash, created_at: app.clock.now() })
}

struct Draft {
    id: api::ApplicationId,
    name: String,
    access: api::Access,
    preferences: api::Preferences,
    keys: Option<ForeignKeys>,
    now: Timestamp,
}

fn check(app: &App, wish: &Wish) -> Result<Accepted, ProblemError> {
    registration::check(wish, app.issuer.is_local()).map_err(|all| {
        let add = |problem: Problem, one: Invalid| problem.error(format!("/{}", one.field), one.message);
        all.into_iter().fold(Problem::invalid(Vec::new()), add).into()
    })
}

fn assemble(
    app: &App,
    wish: &Wish,
    accepted: Accepted,
    draft: Draft,
    disabled_at: Option<Timestamp>,
) -> Result<Application, ProblemError> {
    let Draft { id, name, access, preferences, keys, now } = draft;
    addresses::check_origins(&preferences.form_action_origins)?;
    addresses::check(app, &preferences)?;
    check_lifetimes(&preferences)?;
    check_signing(&preferences, wish.profile)?;
    check_access(&access)?;
    let usual = usual_id_token_alg(wish.profile);
    let chosen = |name: Option<&str>| name.map(|name| algorithm(name, wish.profile)).transpose();
    Ok(Application {
        id,
        name,
        userinfo_alg: chosen(preferences.userinfo_signed_response_alg.as_deref())?,
        sector: subject::sector(wish.kind, &accepted.redirect_uris),
        client: Client {
            id: id.to_string(),
            kind: wish.kind,
            profile: wish.profile,
            auth_method: accepted.auth_method,
            redirect_uris: accepted.redirect_uris,
            post_logout_redirect_uris: accepted.post_logout_redirect_uris,
            grant_types: accepted.grant_types,
            scopes: accepted.scopes,
            audience: accepted.audience.unwrap_or_else(|| app.issuer.as_str().to_owned()),
            resources: Vec::new(),
            insists: Insists {
                pushed_requests: preferences.require_pushed_authorization_requests,
                dpop: preferences.dpop_bound_access_tokens,
            },
        },
        third_party: false,
        access,
        id_token_alg: chosen(preferences.id_token_signed_response_alg.as_deref())?.unwrap_or(usual),
        access_token_alg: chosen(preferences.access_token_signed_response_alg.as_deref())?
            .unwrap_or(DEFAULT_ACCESS_TOKEN_ALG),
        introspection_alg: chosen(preferences.introspection_signed_response_alg.as_deref())?.unwrap_or(usual),
        keys,
        preferences,
        secrets: Vec::new(),
        registered_with: None,
        created_at: now,
        updated_at: now,
        disabled_at,
    })
}

fn keys(jwks: Option<&serde_json::Value>) -> Result<Option<ForeignKeys>, ProblemError> {
    let parsed = jwks.map(ForeignKeys::parse).transpose();
    parsed.map_err(|error| Problem::invalid(Vec::new()).error("/jwks", error.to_string()).into())
}

/// Keys are given, or where they are is said.
fn check_one_source(jwks: Option<&serde_json::Value>, preferences: &api::Preferences) -> Result<(), ProblemError> {
    if jwks.is_some() && preferences.jwks_uri.is_some() {
        return Err(wrong("/preferences/jwks_uri", "jwks and jwks_uri: one of them"));
    }
    Ok(())
}

fn check_access(access: &api::Access) -> Result<(), ProblemError> {
    match access {
        api::Access::Role { role } if role.is_empty() || role.len() > 64 => {
            Err(wrong("/access/role", "a role has 1 to 64 characters"))
        }
        _ => Ok(()),
    }
}

fn plain_name(text: &str) -> Result<String, ProblemError> {
    name::checked(text).map_err(|_| wrong("/name", "1 to 100 characters of plain text"))
}

const fn kind(kind: api::ApplicationType) -> protocol::ApplicationType {
    match kind {
        api::ApplicationType::Web => protocol::ApplicationType::Web,
        api::ApplicationType::Spa => protocol::ApplicationType::Spa,
        api::ApplicationType::Native => protocol::ApplicationType::Native,
        api::ApplicationType::Machine => protocol::ApplicationType::Machine,
    }
}

const fn auth_method(method: api::TokenEndpointAuthMethod) -> protocol::AuthMethod {
    match method {
        api::TokenEndpointAuthMethod::ClientSecretBasic => protocol::AuthMethod::ClientSecretBasic,
        api::TokenEndpointAuthMethod::ClientSecretPost => protocol::AuthMethod::ClientSecretPost,
        api::TokenEndpointAuthMethod::PrivateKeyJwt => protocol::AuthMethod::PrivateKeyJwt,
        api::TokenEndpointAuthMethod::None => protocol::AuthMethod::None,
    }
}

const fn profile(profile: api::Profile) -> protocol::Profile {
    match profile {
        api::Profile::Default => protocol::Profile::Default,
        api::Profile::Compat => protocol::Profile::Compat,
        api::Profile::Fapi2 => protocol::Profile::Fapi2,
    }
}

//! From what a program says of itself to an application, by the rules that hold for every other (RFC 7591, 2).

use polder_protocol::registration::metadata::ClientMetadata;
use polder_protocol::{ApplicationType, AuthMethod, Error, ErrorCode, GrantType, Profile, scope};
use polder_service::problem::FieldError;
use polder_tenant_api::{self as api, Access, NewApplication, Preferences, SubjectType};
use url::Url;

use crate::App;
use crate::admin::registration;
use crate::error::{OAuthError, ProblemError};
use crate::model::Application;

/// A new application. It is somebody else's: people are asked before it learns anything.
///
/// # Errors
/// The codes of RFC 7591, 3.2.2.
pub fn accept(app: &App, metadata: ClientMetadata, allowed: &[String]) -> Result<Application, OAuthError> {
    // Whatever it may be granted later: one that was once ours would never ask.
    let has_people = metadata.kind != ApplicationType::Machine;
    let new = new_application(metadata, allowed, Preferences::default(), Profile::Default)?;
    registration::accept(app, NewApplication { third_party: has_people, ..new }).map_err(refused)
}

/// What is registered already, as it is to be now: what an administrator chose for it stays, and it gets no scope
/// that it did not have.
///
/// # Errors
/// As [`accept`].
pub fn accept_again(app: &App, current: &Application, metadata: ClientMetadata) -> Result<Application, OAuthError> {
    let allowed = &current.preferences.scopes;
    let new = new_application(metadata, allowed, current.preferences.clone(), current.client.profile)?;
    registration::accept_again(app, current, new).map_err(refused)
}

fn new_application(
    metadata: ClientMetadata,
    allowed: &[String],
    kept: Preferences,
    profile: Profile,
) -> Result<NewApplication, Error> {
    let ClientMetadata { kind, name, redirect_uris, post_logout_redirect_uris, grant_types, auth_method, .. } =
        metadata;
    let mut scopes = metadata.scope;
    scopes.retain(|word| !scope::STANDARD.contains(&word.as_str()));
    scopes.sort_unstable();
    scopes.dedup();
    if !scopes.iter().all(|word| allowed.contains(word)) {
        let why = "scope: the registration token does not allow one of them";
        return Err(Error::new(ErrorCode::InvalidClientMetadata, why));
    }
    // What makes a sector somebody's own is that codes go to its host; the device grant visits no address.
    if metadata.pairwise == Some(true) && grant_types.iter().any(|grant| grant == GrantType::DeviceCode.as_str()) {
        let why = "subject_type: pairwise is not for the device grant";
        return Err(Error::new(ErrorCode::InvalidClientMetadata, why));
    }
    let preferences = Preferences {
        id_token_signed_response_alg: metadata.id_token_alg,
        userinfo_signed_response_alg: metadata.userinfo_alg,
        introspection_signed_response_alg: metadata.introspection_alg,
        request_object_signing_alg: metadata.request_object_alg,
        token_endpoint_auth_signing_alg: metadata.auth_signing_alg,
        subject_type: metadata.pairwise.map(|yes| if yes { SubjectType::Pairwise } else { SubjectType::Public }),
        scopes,
        default_max_age: metadata.default_max_age,
        jwks_uri: metadata.jwks_uri,
        initiate_login_uri: metadata.initiate_login_uri,
        policy_uri: metadata.policy_uri,
        tos_uri: metadata.tos_uri,
        backchannel_logout_uri: metadata.backchannel_logout_uri,
        backchannel_logout_session_required: metadata.backchannel_logout_session_required,
        require_pushed_authorization_requests: metadata.pushed_requests || kept.require_pushed_authorization_requests,
        dpop_bound_access_tokens: metadata.dpop || kept.dpop_bound_access_tokens,
        ..kept
    };
    Ok(NewApplication {
        name: name.unwrap_or_else(|| usual_name(&redirect_uris)),
        profile: match profile {
            Profile::Default => api::Profile::Default,
            Profile::Compat => api::Profile::Compat,
            Profile::Fapi2 => api::Profile::Fapi2,
        },
        kind: match kind {
            ApplicationType::Web => api::ApplicationType::Web,
            ApplicationType::Spa => api::ApplicationType::Spa,
            ApplicationType::Native => api::ApplicationType::Native,
            ApplicationType::Machine => api::ApplicationType::Machine,
        },
        redirect_uris,
        post_logout_redirect_uris,
        grant_types: Some(grant_types),
        token_endpoint_auth_method: auth_method.map(|method| match method {
            AuthMethod::ClientSecretBasic => api::TokenEndpointAuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost => api::TokenEndpointAuthMethod::ClientSecretPost,
            AuthMethod::PrivateKeyJwt => api::TokenEndpointAuthMethod::PrivateKeyJwt,
            AuthMethod::None => api::TokenEndpointAuthMethod::None,
        }),
        jwks: metadata.jwks,
        third_party: false,
        access: Access::Everyone,
        preferences,
    })
}

/// What people see where a program does not say what it is called: where it leads them.
fn usual_name(redirect_uris: &[String]) -> String {
    let host = redirect_uris.first().and_then(|uri| Url::parse(uri).ok()?.host_str().map(str::to_owned));
    host.unwrap_or_else(|| "Application".to_owned()).chars().take(100).collect()
}

/// The same refusal in the words of RFC 7591, 3.2.2.
fn refused(error: ProblemError) -> OAuthError {
    let problem = match error.into_problem() {
        Ok(problem) => problem,
        Err(error) => return error.into(),
    };
    let Some(FieldError { pointer, detail }) = problem.errors().first() else {
        return Error::new(ErrorCode::InvalidClientMetadata, "the metadata is not valid").into();
    };
    let member = match pointer.rsplit('/').next().unwrap_or_default() {
        "name" => "client_name",
        "scopes" => "scope",
        "type" => "application_type",
        "preferences" => "metadata",
        member => member,
    };
    let code = match member {
        "redirect_uris" | "post_logout_redirect_uris" => ErrorCode::InvalidRedirectUri,
        _ => ErrorCode::InvalidClientMetadata,
    };
    Error::new(code, format!("{member}: {detail}")).into()
}

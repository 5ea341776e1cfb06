//! What a program is told of its registration: what was registered, and nothing else (RFC 7591, 3.2.1).

use axum::response::Response;
use http::StatusCode;
use polder_kernel::Secret;
use polder_protocol::registration::information::{Chosen, Information, address, scopes};
use polder_protocol::{ApplicationType, GrantType, RedirectUri};
use polder_tenant_api::{ApplicationId, SubjectType};

use crate::App;
use crate::model::Application;
use crate::oidc::json;

/// The answer, with the token that it is managed with and a secret where one was just made.
pub fn answer(
    app: &App,
    status: StatusCode,
    application: &Application,
    (token, secret): (&Secret<String>, Option<Secret<String>>),
) -> Response {
    let (client, preferences) = (&application.client, &application.preferences);
    let texts = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    let pairwise = preferences.subject_type == Some(SubjectType::Pairwise);
    let by_code = client.grant_types.contains(&GrantType::AuthorizationCode);
    json::no_store(
        status,
        &Information {
            client_id: client.id.clone(),
            client_id_issued_at: application.created_at.seconds(),
            client_secret_expires_at: secret.is_some().then_some(0),
            client_secret: secret.map(|secret| secret.expose().clone()),
            registration_access_token: token.expose().clone(),
            registration_client_uri: uri(app, application.id),
            client_name: application.name.clone(),
            application_type: if client.kind == ApplicationType::Native { "native" } else { "web" },
            redirect_uris: texts(&client.redirect_uris),
            post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
            response_types: by_code.then_some("code").into_iter().collect(),
            grant_types: client.grant_types.iter().map(|grant| grant.as_str()).collect(),
            token_endpoint_auth_method: client.auth_method.as_str(),
            scope: scopes(client),
            subject_type: if pairwise { "pairwise" } else { "public" },
            require_auth_time: true,
            require_pushed_authorization_requests: client.insists.pushed_requests,
            dpop_bound_access_tokens: client.insists.dpop,
            chosen: Chosen {
                id_token_signed_response_alg: application.id_token_alg.as_str().to_owned(),
                userinfo_signed_response_alg: preferences.userinfo_signed_response_alg.clone(),
                introspection_signed_response_alg: preferences.introspection_signed_response_alg.clone(),
                request_object_signing_alg: preferences.request_object_signing_alg.clone(),
                token_endpoint_auth_signing_alg: preferences.token_endpoint_auth_signing_alg.clone(),
                jwks: application.keys.as_ref().map(|keys| keys.as_json().clone()),
                jwks_uri: preferences.jwks_uri.clone(),
                default_max_age: preferences.default_max_age,
                initiate_login_uri: preferences.initiate_login_uri.clone(),
                policy_uri: preferences.policy_uri.clone(),
                tos_uri: preferences.tos_uri.clone(),
                backchannel_logout_uri: preferences.backchannel_logout_uri.clone(),
                backchannel_logout_session_required: preferences.backchannel_logout_session_required,
            },
        },
    )
}

fn uri(app: &App, id: ApplicationId) -> String {
    address(app.issuer.as_str(), &id.to_string())
}

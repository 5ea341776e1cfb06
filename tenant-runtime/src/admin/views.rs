//! Rows as the wire shows them.

use polder_kernel::Timestamp;
use polder_protocol::{ApplicationType, AuthMethod, Profile, RedirectUri};
use polder_tenant_api as api;

use crate::model::passkey::Kind;
use crate::model::{Application, Passkey, User};
use crate::store::sessions::Listed;

/// A person with their roles and fields.
pub fn user(user: User, roles: Vec<String>, fields: api::FieldValues) -> api::User {
    api::User {
        id: user.id,
        email: user.email.as_str().to_owned(),
        email_verified: user.email_verified_at.is_some(),
        name: user.name,
        locale: user.locale,
        roles,
        fields,
        disabled: user.disabled_at.is_some(),
        created_at: user.created_at.rfc3339(),
        updated_at: user.updated_at.rfc3339(),
        last_sign_in_at: user.last_sign_in_at.map(Timestamp::rfc3339),
    }
}

/// A session of the register.
pub fn session(listed: Listed) -> api::Session {
    let Listed { session, metadata, ended_reason, applications } = listed;
    api::Session {
        id: session.id,
        user_id: session.user_id,
        ip: metadata.ip,
        user_agent: metadata.user_agent,
        country: metadata.country,
        amr: session.amr,
        created_at: session.created_at.rfc3339(),
        last_seen_at: session.last_seen_at.rfc3339(),
        expires_at: session.expires_at.rfc3339(),
        ended_at: session.ended_at.map(Timestamp::rfc3339),
        ended_reason,
        applications,
    }
}

/// A passkey, without its key.
pub fn passkey(passkey: Passkey) -> api::Passkey {
    api::Passkey {
        id: passkey.id,
        model: passkey.model().map(str::to_owned),
        name: passkey.name,
        aaguid: passkey.credential.aaguid,
        synced: passkey.kind == Kind::Synced,
        backed_up: passkey.backed_up_at.is_some(),
        transports: passkey.credential.transports,
        created_at: passkey.created_at.rfc3339(),
        last_used_at: passkey.last_used_at.map(Timestamp::rfc3339),
    }
}

/// An application, without its secrets.
pub fn application(application: &Application) -> api::Application {
    let client = &application.client;
    let texts = |uris: &[RedirectUri]| uris.iter().map(|uri| uri.as_str().to_owned()).collect();
    api::Application {
        client_id: application.id,
        name: application.name.clone(),
        profile: match client.profile {
            Profile::Default => api::Profile::Default,
            Profile::Compat => api::Profile::Compat,
            Profile::Fapi2 => api::Profile::Fapi2,
        },
        kind: match client.kind {
            ApplicationType::Web => api::ApplicationType::Web,
            ApplicationType::Spa => api::ApplicationType::Spa,
            ApplicationType::Native => api::ApplicationType::Native,
            ApplicationType::Machine => api::ApplicationType::Machine,
        },
        token_endpoint_auth_method: match client.auth_method {
            AuthMethod::ClientSecretBasic => api::TokenEndpointAuthMethod::ClientSecretBasic,
            AuthMethod::ClientSecretPost => api::TokenEndpointAuthMethod::ClientSecretPost,
            AuthMethod::PrivateKeyJwt => api::TokenEndpointAuthMethod::PrivateKeyJwt,
            AuthMethod::None => api::TokenEndpointAuthMethod::None,
        },
        jwks: application.keys.as_ref().map(|keys| keys.as_json().clone()),
        redirect_uris: texts(&client.redirect_uris),
        post_logout_redirect_uris: texts(&client.post_logout_redirect_uris),
        grant_types: client.grant_types.iter().map(|grant| grant.as_str().to_owned()).collect(),
        third_party: application.third_party,
        access: application.access.clone(),
        preferences: application.preferences.clone(),
        disabled: application.disabled_at.is_some(),
        registered_with: application.registered_with.clone(),
        created_at: application.created_at.rfc3339(),
        updated_at: application.updated_at.rfc3339(),
    }
}

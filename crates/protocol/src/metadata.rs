//! The discovery document: OpenID Connect Discovery 3 and RFC 8414 2 in one.
//!
//! What has a surprising default is always said, and nothing is advertised that does not work (A04).

use polder_kernel::Locale;
use serde::Serialize;

use crate::authorize::prompt;
use crate::claims::userinfo;
use crate::{AuthMethod, GrantType, scope};

/// What differs between tenants and releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The issuer, without a slash at its end.
    pub issuer: String,
    /// Signature algorithms of ID tokens, the default first: RS256 must be among them (A02).
    pub id_token_algorithms: Vec<String>,
    /// Authentication contexts that a sign-in can reach.
    pub acr_values: Vec<String>,
}

/// The document served at `/.well-known/openid-configuration` and
/// `/.well-known/oauth-authorization-server` (B51).
#[derive(Clone, Debug, Serialize)]
pub struct Metadata {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    userinfo_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: String,
    introspection_endpoint: String,
    revocation_endpoint: String,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 1],
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 1],
    id_token_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    code_challenge_methods_supported: [&'static str; 1],
    claim_types_supported: [&'static str; 1],
    claims_supported: Vec<&'static str>,
    ui_locales_supported: Vec<&'static str>,
    prompt_values_supported: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acr_values_supported: Vec<String>,
    authorization_response_iss_parameter_supported: bool,
    request_parameter_supported: bool,
    request_uri_parameter_supported: bool,
    require_request_uri_registration: bool,
    claims_parameter_supported: bool,
}

/// Where each endpoint is, below the issuer.
pub mod path {
    /// The authorization endpoint.
    pub const AUTHORIZE: &str = "/authorize";
    /// The token endpoint.
    pub const TOKEN: &str = "/token";
    /// The userinfo endpoint.
    pub const USERINFO: &str = "/userinfo";
    /// The key set.
    pub const JWKS: &str = "/jwks.json";
    /// The end-session endpoint.
    pub const END_SESSION: &str = "/end_session";
    /// The introspection endpoint.
    pub const INTROSPECT: &str = "/introspect";
    /// The revocation endpoint.
    pub const REVOKE: &str = "/revoke";
    /// OpenID Connect Discovery 4.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 8414 3.
    pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
}

impl Metadata {
    /// The document of a tenant.
    pub fn new(capabilities: Capabilities) -> Self {
        let Capabilities { issuer, id_token_algorithms, acr_values } = capabilities;
        let at = |path: &str| format!("{issuer}{path}");
        Self {
            authorization_endpoint: at(path::AUTHORIZE),
            token_endpoint: at(path::TOKEN),
            userinfo_endpoint: at(path::USERINFO),
            jwks_uri: at(path::JWKS),
            end_session_endpoint: at(path::END_SESSION),
            introspection_endpoint: at(path::INTROSPECT),
            revocation_endpoint: at(path::REVOKE),
            scopes_supported: scope::STANDARD.to_vec(),
            response_types_supported: ["code"],
            response_modes_supported: ["query"],
            grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
            subject_types_supported: ["public"],
            id_token_signing_alg_values_supported: id_token_algorithms,
            token_endpoint_auth_methods_supported: AuthMethod::ALL.map(AuthMethod::as_str).to_vec(),
            introspection_endpoint_auth_methods_supported: confidential(),
            // A public client may revoke its own tokens (RFC 7009 2.1).
            revocation_endpoint_auth_methods_supported: AuthMethod::ALL.map(AuthMethod::as_str).to_vec(),
            code_challenge_methods_supported: ["S256"],
            claim_types_supported: ["normal"],
            claims_supported: userinfo::SUPPORTED.to_vec(),
            ui_locales_supported: Locale::ALL.map(Locale::tag).to_vec(),
            prompt_values_supported: prompt::SUPPORTED.to_vec(),
            acr_values_supported: acr_values,
            authorization_response_iss_parameter_supported: true,
            request_parameter_supported: false,
            request_uri_parameter_supported: false,
            require_request_uri_registration: false,
            claims_parameter_supported: false,
            issuer,
        }
    }
}

fn confidential() -> Vec<&'static str> {
    AuthMethod::ALL.into_iter().filter(|method| *method != AuthMethod::None).map(AuthMethod::as_str).collect()
}

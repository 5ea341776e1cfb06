//! The discovery document: OpenID Connect Discovery 3 and RFC 8414 2 in one.
//!
//! What has a surprising default is always said, and nothing is advertised that does not work (A04).

use polder_kernel::Locale;
use serde::Serialize;

use crate::authorize::{ResponseMode, prompt};
use crate::claims::userinfo;
use crate::profile::ALGORITHMS;
use crate::{AuthMethod, GrantType, scope};

/// What differs between tenants and releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// The issuer, without a slash at its end.
    pub issuer: String,
    /// Signature algorithms of ID tokens and of userinfo, the default first: RS256 must be among them (A02).
    pub id_token_algorithms: Vec<String>,
    /// Authentication contexts that a sign-in can reach.
    pub acr_values: Vec<String>,
    /// What the tenant offers beyond what all do.
    pub choices: Choices,
}

/// What a tenant may offer or ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Programs register themselves (RFC 7591).
    pub registration: bool,
    /// Every authorization request is pushed (RFC 9126 5).
    pub pushed_only: bool,
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
    device_authorization_endpoint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    registration_endpoint: Option<String>,
    pushed_authorization_request_endpoint: String,
    require_pushed_authorization_requests: bool,
    scopes_supported: Vec<&'static str>,
    response_types_supported: [&'static str; 1],
    response_modes_supported: [&'static str; 2],
    grant_types_supported: Vec<&'static str>,
    subject_types_supported: [&'static str; 2],
    id_token_signing_alg_values_supported: Vec<String>,
    userinfo_signing_alg_values_supported: Vec<String>,
    token_endpoint_auth_methods_supported: Vec<&'static str>,
    introspection_endpoint_auth_methods_supported: Vec<&'static str>,
    revocation_endpoint_auth_methods_supported: Vec<&'static str>,
    token_endpoint_auth_signing_alg_values_supported: [&'static str; 5],
    introspection_endpoint_auth_signing_alg_values_supported: [&'static str; 5],
    revocation_endpoint_auth_signing_alg_values_supported: [&'static str; 5],
    dpop_signing_alg_values_supported: [&'static str; 5],
    request_object_signing_alg_values_supported: [&'static str; 5],
    introspection_signing_alg_values_supported: Vec<String>,
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
    backchannel_logout_supported: bool,
    backchannel_logout_session_supported: bool,
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
    /// The device authorization endpoint.
    pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
    /// Where people type the code of another device.
    pub const DEVICE: &str = "/device";
    /// The endpoint for pushed authorization requests.
    pub const PAR: &str = "/par";
    /// Where programs register themselves.
    pub const REGISTER: &str = "/register";
    /// OpenID Connect Discovery 4.
    pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
    /// RFC 9728 3, for userinfo.
    pub const PROTECTED_RESOURCE_USERINFO: &str = "/.well-known/oauth-protected-resource/userinfo";
    /// RFC 8414 3.
    pub const AUTHORIZATION_SERVER: &str = "/.well-known/oauth-authorization-server";
}

impl Metadata {
    /// The document of a tenant.
    pub fn new(capabilities: Capabilities) -> Self {
        let Capabilities { issuer, id_token_algorithms, acr_values, choices } = capabilities;
        let at = |path: &str| format!("{issuer}{path}");
        Self {
            authorization_endpoint: at(path::AUTHORIZE),
            token_endpoint: at(path::TOKEN),
            userinfo_endpoint: at(path::USERINFO),
            jwks_uri: at(path::JWKS),
            end_session_endpoint: at(path::END_SESSION),
            introspection_endpoint: at(path::INTROSPECT),
            revocation_endpoint: at(path::REVOKE),
            device_authorization_endpoint: at(path::DEVICE_AUTHORIZATION),
            registration_endpoint: choices.registration.then(|| at(path::REGISTER)),
            pushed_authorization_request_endpoint: at(path::PAR),
            // Where it is false, some applications have to push all the same; nobody is kept from it.
            require_pushed_authorization_requests: choices.pushed_only,
            scopes_supported: scope::STANDARD.to_vec(),
            response_types_supported: ["code"],
            response_modes_supported: ResponseMode::ALL.map(ResponseMode::as_str),
            grant_types_supported: GrantType::ALL.map(GrantType::as_str).to_vec(),
            subject_types_supported: ["public", "pairwise"],
            introspection_signing_alg_values_supported: id_token_algorithms.clone(),
            userinfo_signing_alg_values_supported: id_token_algorithms.clone(),
            id_token_signing_alg_values_supported: id_token_algorithms,
            token_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
            introspection_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
            revocation_endpoint_auth_signing_alg_values_supported: ALGORITHMS,
            dpop_signing_alg_values_supported: ALGORITHMS,
            request_object_signing_alg_values_supported: ALGORITHMS,
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
            request_parameter_supported: true,
            request_uri_parameter_supported: false,
            require_request_uri_registration: false,
            claims_parameter_supported: true,
            backchannel_logout_supported: true,
            backchannel_logout_session_supported: true,
            issuer,
        }
    }
}

fn confidential() -> Vec<&'static str> {
    AuthMethod::ALL.into_iter().filter(|method| *method != AuthMethod::None).map(AuthMethod::as_str).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn document() -> Value {
        document_of(Choices::default())
    }

    fn document_of(choices: Choices) -> Value {
        let metadata = Metadata::new(Capabilities {
            choices,
            issuer: "https://practice.example.test".to_owned(),
            id_token_algorithms: ["RS256", "ES256", "EdDSA"].map(str::to_owned).to_vec(),
            acr_values: Vec::new(),
        });
        serde_json::to_value(metadata).unwrap()
    }

    #[test]
    fn a02_required_members_are_there() {
        let document = document();
        assert_eq!(document["issuer"], "https://practice.example.test");
        assert_eq!(document["response_types_supported"], json!(["code"]));
        assert_eq!(document["subject_types_supported"], json!(["public", "pairwise"]));
        assert_eq!(document["id_token_signing_alg_values_supported"], json!(["RS256", "ES256", "EdDSA"]));
    }

    #[test]
    fn a03_every_address_is_below_the_issuer_and_no_member_is_unknown() {
        let document = document();
        for (name, value) in document.as_object().unwrap() {
            if name.ends_with("_endpoint") || name.ends_with("_uri") {
                assert!(value.as_str().unwrap().starts_with("https://practice.example.test/"), "{name}");
            }
            assert!(!value.is_null(), "{name}");
        }
        assert!(document["scopes_supported"].as_array().unwrap().contains(&json!("openid")));
        assert_eq!(document["ui_locales_supported"], json!(["en", "nl"]));
        assert!(document.get("service_documentation").is_none() && document.get("acr_values_supported").is_none());
    }

    #[test]
    fn a04_what_has_a_surprising_default_is_said() {
        let document = document();
        for (name, value) in [
            ("response_modes_supported", json!(["query", "form_post"])),
            (
                "grant_types_supported",
                json!([
                    "authorization_code",
                    "refresh_token",
                    "client_credentials",
                    "urn:ietf:params:oauth:grant-type:device_code"
                ]),
            ),
            (
                "token_endpoint_auth_methods_supported",
                json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
            ),
            (
                "introspection_endpoint_auth_methods_supported",
                json!(["client_secret_basic", "client_secret_post", "private_key_jwt"]),
            ),
            (
                "revocation_endpoint_auth_methods_supported",
                json!(["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]),
            ),
            (
                "token_endpoint_auth_signing_alg_values_supported",
                json!(["ES256", "PS256", "EdDSA", "Ed25519", "RS256"]),
            ),
            ("require_pushed_authorization_requests", json!(false)),
            ("request_parameter_supported", json!(true)),
            ("request_uri_parameter_supported", json!(false)),
            ("claims_parameter_supported", json!(true)),
            ("prompt_values_supported", json!(["none", "login", "consent", "select_account"])),
        ] {
            assert_eq!(document[name], value, "{name}");
        }
    }

    #[test]
    fn a11_unsigned_id_tokens_are_not_offered() {
        assert!(!document()["id_token_signing_alg_values_supported"].as_array().unwrap().contains(&json!("none")));
    }

    #[test]
    fn b56_b88_what_a_tenant_chose_is_said_and_nothing_else() {
        let usual = document();
        assert_eq!(usual.get("registration_endpoint"), None);
        let chosen = document_of(Choices { registration: true, pushed_only: true });
        assert_eq!(chosen["registration_endpoint"], "https://practice.example.test/register");
        assert_eq!(chosen["require_pushed_authorization_requests"], json!(true));
    }

    #[test]
    fn a42_the_end_session_endpoint_is_listed() {
        assert_eq!(document()["end_session_endpoint"], "https://practice.example.test/end_session");
    }

    #[test]
    fn a49_ended_sessions_are_told_with_their_sid() {
        let document = document();
        assert_eq!(document["backchannel_logout_supported"], json!(true));
        assert_eq!(document["backchannel_logout_session_supported"], json!(true));
    }

    #[test]
    fn b32_only_s256_is_listed() {
        assert_eq!(document()["code_challenge_methods_supported"], json!(["S256"]));
    }

    #[test]
    fn b52_the_issuer_in_answers_is_announced() {
        assert_eq!(document()["authorization_response_iss_parameter_supported"], json!(true));
    }
}

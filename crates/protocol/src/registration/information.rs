//! What a program is told of its registration (RFC 7591 3.2.1, RFC 7592 3): everything that was registered,
//! whether it was asked for or not.

use serde::Serialize;
use serde_json::Value;

use crate::metadata::path;
use crate::{Client, GrantType, scope};

/// The answer to a registration, and to reading and updating one. Nobody may keep it.
#[derive(Clone, Debug, Serialize)]
pub struct Information {
    /// `client_id`.
    pub client_id: String,
    /// When it was registered, in seconds.
    pub client_id_issued_at: i64,
    /// The secret, where one was just made: it is not known afterwards.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
    /// With a secret: 0, it does not expire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_expires_at: Option<i64>,
    /// What it reads, changes and removes its registration with.
    pub registration_access_token: String,
    /// Where.
    pub registration_client_uri: String,
    /// The name people see.
    pub client_name: String,
    /// `web` or `native`.
    pub application_type: &'static str,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// `code`, where it signs people in.
    pub response_types: Vec<&'static str>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<&'static str>,
    /// How it proves itself.
    pub token_endpoint_auth_method: &'static str,
    /// What it may ask for.
    pub scope: String,
    /// `public` or `pairwise`.
    pub subject_type: &'static str,
    /// ID tokens say when somebody signed in, always.
    pub require_auth_time: bool,
    /// Whether its requests have to be pushed.
    pub require_pushed_authorization_requests: bool,
    /// Whether its tokens are bound to a key of its own.
    pub dpop_bound_access_tokens: bool,
    /// What was chosen beyond that.
    #[serde(flatten)]
    pub chosen: Chosen,
}

/// What is said only where it was chosen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Chosen {
    /// Algorithm of ID tokens.
    pub id_token_signed_response_alg: String,
    /// Algorithm of userinfo.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// Algorithm of signed introspection answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// Algorithm of its request objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// Algorithm of its assertions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Its keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its keys are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The oldest sign-in it takes, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Where a sign-in that begins elsewhere is begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Its privacy statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Where it hears of ended sessions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which session; it always is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
}

/// Where a program manages its registration (RFC 7592 2).
pub fn address(issuer: &str, client_id: &str) -> String {
    format!("{issuer}{}/{client_id}", path::REGISTER)
}

/// The scopes that an application may ask for, as `scope` says it.
pub fn scopes(client: &Client) -> String {
    let own = client.scopes.iter();
    let signs_in = client.grant_types.iter().any(|grant| *grant != GrantType::ClientCredentials);
    let may_stay = client.grant_types.contains(&GrantType::RefreshToken);
    let standard = scope::STANDARD.into_iter().filter(|word| signs_in && (may_stay || *word != scope::OFFLINE_ACCESS));
    standard.chain(own).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{machine, web};

    #[test]
    fn b88_the_scopes_are_those_that_are_granted() {
        assert_eq!(scopes(&web()), "openid profile email offline_access roles api:read api:write");
        assert_eq!(scopes(&machine()), "api:read api:write");
        let brief = Client { grant_types: vec![GrantType::AuthorizationCode], ..web() };
        assert!(!scopes(&brief).contains("offline_access"));
    }

    #[test]
    fn b90_a_registration_is_managed_below_the_endpoint() {
        assert_eq!(address("https://id.example.test", "a"), "https://id.example.test/register/a");
    }
}

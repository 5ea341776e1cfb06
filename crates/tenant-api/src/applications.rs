//! `/applications`: the programs that sign people in here.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{AccessTokenFormat, ApplicationId, PasskeyPolicy, SecondFactorPolicy, SubjectType, UserId};

/// What kind of program an application is; it decides what it can keep secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApplicationType {
    /// A server that keeps a secret.
    Web,
    /// A single-page application in a browser: public.
    Spa,
    /// A program on a phone or desktop: public.
    Native,
    /// A service without people: client credentials only.
    Machine,
}

/// The rules an application is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// OAuth 2.1 and the security best current practice.
    #[default]
    Default,
    /// What OpenID certification and older libraries need: PKCE is optional for who keeps a secret.
    Compat,
    /// FAPI 2.0 Security Profile: pushed requests, `private_key_jwt`, tokens bound by DPoP.
    Fapi2,
}

/// How an application proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TokenEndpointAuthMethod {
    /// HTTP Basic.
    ClientSecretBasic,
    /// Secret in the form body.
    ClientSecretPost,
    /// An assertion signed with one of the keys in `jwks`.
    PrivateKeyJwt,
    /// A public client.
    None,
}

/// Who may sign in to an application.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "lowercase")]
pub enum Access {
    /// Everyone of the tenant.
    #[default]
    Everyone,
    /// People who hold this role.
    Role {
        /// The role's name.
        role: String,
    },
    /// People invited to this application by name.
    Invited,
}

/// Per-application choices; what is absent follows the tenant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Preferences {
    /// Algorithm of ID tokens: RS256 unless chosen; ES256 in the profile `fapi2`, which has no RS256 at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Algorithm of access tokens: ES256 unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signed_response_alg: Option<String>,
    /// Algorithm of userinfo, which is then a signed token (OpenID Connect Core 5.3.2); plain JSON unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<String>,
    /// How access tokens are written: as JWT unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    /// How long access tokens live, in seconds: 60 to 7200; 900 unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_seconds: Option<u32>,
    /// How long refresh tokens live without use, in seconds: 300 to 31536000; 30 days unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_idle_seconds: Option<u32>,
    /// How long refresh tokens live in all, in seconds: 300 to 31536000; 90 days unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_absolute_seconds: Option<u32>,
    /// What people are known by: the same `sub` everywhere unless chosen. It stays as it was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject_type: Option<SubjectType>,
    /// The tenant's APIs, by name, that this application may ask tokens for with `resource` (RFC 8707).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub apis: Vec<String>,
    /// Audience of access tokens: the issuer unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// Scopes this application may ask for beyond the OpenID Connect ones.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// Further origins its redirect chain passes through, for the pages' `form-action`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub form_action_origins: Vec<String>,
    /// Which part passkeys have in signing in to this application; the tenant's own choice holds where
    /// that is stricter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkeys: Option<PasskeyPolicy>,
    /// Which part a second factor has in signing in to this application; the tenant's own choice holds
    /// where that is stricter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorPolicy>,
    /// The oldest sign-in this application takes where its request names no `max_age`, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<u32>,
    /// Where this application hears that a session ended (Back-Channel Logout 1.0): an https address of a public
    /// host, on port 443.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs the `sid` of the session to be told; it always is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_session_required: Option<bool>,
    /// Whether authorization requests have to be pushed (RFC 9126).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether tokens have to be bound to a key of the application (RFC 9449).
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Algorithm of signed introspection answers (RFC 9701): that of ID tokens unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspection_signed_response_alg: Option<String>,
    /// Where its public keys are, in place of `jwks`: an https address of a public host, on port 443. They are read
    /// again when it signs with one that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// The one algorithm of its request objects; any that its profile takes unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg: Option<String>,
    /// The one algorithm of its client assertions; any that its profile takes unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_signing_alg: Option<String>,
    /// Where a sign-in that begins elsewhere is begun (OpenID Connect Core 4): an https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Its privacy statement, linked from the pages on which people sign in to it: an https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms, linked in the same places: an https address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
}

/// An application to create.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApplication {
    /// The name people see when they sign in.
    pub name: String,
    /// `default` unless given.
    #[serde(default)]
    pub profile: Profile,
    /// What kind of program it is.
    #[serde(rename = "type")]
    pub kind: ApplicationType,
    /// Where answers may go; matched exactly.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may go after signing out; matched exactly.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// `authorization_code` and `refresh_token` unless given; `client_credentials` for machines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grant_types: Option<Vec<String>>,
    /// `client_secret_basic` for web and machine, `none` for spa and native, unless given; `private_key_jwt` in
    /// the profile `fapi2`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// The public keys it signs assertions and request objects with: a JSON Web Key Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// Whether it belongs to somebody else: people are asked for consent before it learns anything of them.
    #[serde(default)]
    pub third_party: bool,
    /// Who may sign in.
    #[serde(default)]
    pub access: Access,
    /// Further choices.
    #[serde(default)]
    pub preferences: Preferences,
}

/// Changes to an application: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ApplicationChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New redirect URIs, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_uris: Option<Vec<String>>,
    /// New post-logout redirect URIs, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// Who may sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// New choices, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferences: Option<Preferences>,
    /// The rules it is held to from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// How it proves itself from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<TokenEndpointAuthMethod>,
    /// New public keys, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// Whether it is switched off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
}

/// An application.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Application {
    /// The `client_id`.
    #[schema(value_type = String)]
    pub client_id: ApplicationId,
    /// The name people see.
    pub name: String,
    /// The rules it is held to.
    pub profile: Profile,
    /// What kind of program it is.
    #[serde(rename = "type")]
    pub kind: ApplicationType,
    /// How it proves itself.
    pub token_endpoint_auth_method: TokenEndpointAuthMethod,
    /// Its public keys, where it registered any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub jwks: Option<serde_json::Value>,
    /// Where answers may go.
    pub redirect_uris: Vec<String>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<String>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<String>,
    /// Whether it belongs to somebody else, so that people are asked for consent.
    pub third_party: bool,
    /// Who may sign in.
    pub access: Access,
    /// Further choices.
    pub preferences: Preferences,
    /// Whether it is switched off.
    pub disabled: bool,
    /// The name of the token that it registered itself with; absent where an administrator made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registered_with: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// An application with the secret that is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedApplication {
    /// The application.
    #[serde(flatten)]
    pub application: Application,
    /// The secret, for confidential applications. It is stored only as a keyed hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<String>,
}

/// A further secret for an application, shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedSecret {
    /// The secret.
    pub client_secret: String,
    /// When the secrets before it stop working; null when there were none.
    pub previous_expire_at: Option<String>,
}

/// A person invited to an application whose access is by invitation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invitee {
    /// The person.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// When they were invited.
    pub invited_at: String,
}

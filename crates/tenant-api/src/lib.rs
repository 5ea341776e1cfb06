//! Wire types of a tenant's internal admin API: served by the tenant on `admin.sock`, called by the
//! control plane, which passes most of them on to its public API unchanged.
//!
//! Times are RFC 3339 in UTC. Lists are [`Page`]s walked by cursor.

use polder_kernel::{Locale, Timestamp, id_kind};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub mod abuse;
pub mod assertion;
pub mod branding;
pub mod connections;
pub mod isolation;
pub mod keys;
pub mod logout;
pub mod policies;
pub mod profile_fields;
pub mod standing;

pub use abuse::{
    AttemptOutcome, Blocklist, BlocklistAction, BlocklistFormat, Lockout, LockoutId, LockoutIdKind, LockoutKind,
    NewBlocklist, ProofOfWork, SignInAttempt,
};
pub use branding::{BrandContrast, BrandLogo, BrandTexts, Branding, BrandingChoices, LogoFile, NewLogo};
pub use isolation::Measure;
pub use keys::{DataKey, Key, KeyAlgorithm, KeyState, RotateDataKeys, RotateKeys, SealKeyInUse};
pub use logout::{LogoutDelivery, LogoutDeliveryId, LogoutDeliveryIdKind, LogoutDeliveryState};
pub use policies::{PasskeyPolicy, SecondFactorPolicy, SignUp};
pub use profile_fields::{FieldChoice, FieldClaim, FieldDefinition, FieldEditor, FieldType, FieldValues, ProfileField};

pub use standing::{Standing, StandingChange};

id_kind!(
    /// Names an application; it is the `client_id`.
    ApplicationId,
    ApplicationKind
);
id_kind!(
    /// Names a person; it is the `sub` of their tokens.
    UserId,
    UserKind
);
id_kind!(
    /// Names a passkey.
    PasskeyId,
    PasskeyKind
);
id_kind!(
    /// Names a session in the register.
    SessionId,
    SessionKind
);

/// One page of a list.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Page<T> {
    /// The items, newest first unless the list says otherwise.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; null on the last.
    pub next: Option<String>,
}

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
    /// Algorithm of ID tokens: RS256 unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<String>,
    /// Algorithm of access tokens: ES256 unless chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_signed_response_alg: Option<String>,
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

/// A person to create.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The address they sign in with; unverified until they do.
    pub email: String,
    /// The name shown to applications.
    #[serde(default)]
    pub name: Option<String>,
    /// The language of pages and mails.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Roles in this tenant.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Values of the tenant's own profile fields, by name.
    #[serde(default, skip_serializing_if = "FieldValues::is_empty")]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
    /// Whether to tell them by mail that there is an account for them, and where to sign in.
    #[serde(default)]
    pub invite: bool,
}

/// Changes to a person: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// New roles, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether signing in is stopped. Stopping it ends every session and grant at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// New values of profile fields, by name; null removes one, and those not named stay.
    #[serde(skip_serializing_if = "FieldValues::is_empty")]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The `sub` of their tokens.
    #[schema(value_type = String)]
    pub id: UserId,
    /// The address they sign in with.
    pub email: String,
    /// Whether they have proved the address.
    pub email_verified: bool,
    /// The name shown to applications.
    pub name: Option<String>,
    /// The language of pages and mails.
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Roles in this tenant.
    pub roles: Vec<String>,
    /// Values of the tenant's own profile fields, by name.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
    /// Whether signing in is stopped.
    pub disabled: bool,
    /// When the account was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When they last signed in.
    pub last_sign_in_at: Option<String>,
}

/// A passkey of a person. Its key stays where it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Passkey {
    /// Names the passkey; it is not the credential's own id.
    #[schema(value_type = String)]
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it lives in, where that is known.
    pub model: Option<String>,
    /// The model as its authenticator says it; zeros where it does not.
    pub aaguid: String,
    /// Whether it can be copied to the person's other devices.
    pub synced: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// How its authenticator can be reached.
    pub transports: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

/// A session in the register.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Names the session; it is not the cookie.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Network address of the last use.
    pub ip: Option<String>,
    /// Browser and system of the last use.
    pub user_agent: Option<String>,
    /// Country of the last use (ISO 3166-1), where a local file tells it.
    #[serde(default)]
    pub country: Option<String>,
    /// How the person proved themselves (RFC 8176).
    pub amr: Vec<String>,
    /// When it began.
    pub created_at: String,
    /// When it was last used.
    pub last_seen_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// The applications it reached.
    #[schema(value_type = Vec<String>)]
    pub applications: Vec<ApplicationId>,
}

/// One entry of the audit log.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuditEvent {
    /// Place in the log: `chain-sequence`.
    pub id: String,
    /// When it happened.
    pub at: String,
    /// What happened, such as `session.started`.
    pub action: String,
    /// Who did it: `user`, `application`, `member`, `api_key`, `system`, `anonymous`.
    pub actor_kind: String,
    /// Which one.
    pub actor_id: String,
    /// The person it is about.
    pub user_id: Option<String>,
    /// The application it is about.
    pub application_id: Option<String>,
    /// The session it is about.
    pub session_id: Option<String>,
    /// The request it came with.
    pub request_id: Option<String>,
    /// Further facts; null once the person is erased.
    #[schema(value_type = Option<Object>)]
    pub details: Option<serde_json::Value>,
    /// The chain's hash over this entry and all before it.
    pub hash: String,
}

/// What happens when a person signs in once more than `session_limit` allows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtSessionLimit {
    /// The session that was not used for the longest time ends.
    #[default]
    EndOldest,
    /// The person ends one of theirs first, on a page that shows them.
    Refuse,
}

impl AtSessionLimit {
    /// As stored and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EndOldest => "end_oldest",
            Self::Refuse => "refuse",
        }
    }
}

/// A tenant's settings.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Settings {
    /// The name people see.
    pub name: String,
    /// Whether strangers may make an account.
    pub sign_up: SignUp,
    /// The language of last resort.
    #[schema(value_type = String)]
    pub default_locale: Locale,
    /// AAGUIDs of the authenticators that passkeys may live in; empty for any.
    #[serde(default)]
    pub passkey_models: Vec<String>,
    /// How many sessions a person may have at once; 0 for no limit.
    #[serde(default)]
    pub session_limit: u32,
    /// What happens at the limit.
    #[serde(default)]
    pub at_session_limit: AtSessionLimit,
    /// When a browser is asked for a proof of work before a code is sent.
    #[serde(default)]
    pub proof_of_work: ProofOfWork,
    /// The domains whose addresses may sign up where `sign_up` is `domains`; none below them.
    #[serde(default)]
    pub sign_up_domains: Vec<String>,
    /// Which part passkeys have in signing in.
    #[serde(default)]
    pub passkeys: PasskeyPolicy,
    /// Which part a second factor has in signing in.
    #[serde(default)]
    pub second_factor: SecondFactorPolicy,
    /// Seconds after which a session that is not used ends.
    #[serde(default = "session_idle")]
    pub session_idle_seconds: u32,
    /// Seconds after which a session ends however much it is used.
    #[serde(default = "session_absolute")]
    pub session_absolute_seconds: u32,
    /// Hours that somebody who lost their second factor or passkeys waits for a way back.
    #[serde(default = "recovery_wait")]
    pub recovery_wait_hours: u32,
}

const fn session_idle() -> u32 {
    policies::SESSION_IDLE_SECONDS
}

const fn session_absolute() -> u32 {
    policies::SESSION_ABSOLUTE_SECONDS
}

const fn recovery_wait() -> u32 {
    policies::RECOVERY_WAIT_HOURS
}

/// Changes to settings: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsChanges {
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether strangers may make an account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_up: Option<SignUp>,
    /// The language of last resort.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub default_locale: Option<Locale>,
    /// AAGUIDs of the authenticators that passkeys may live in; empty for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkey_models: Option<Vec<String>>,
    /// How many sessions a person may have at once, up to 1000; 0 for no limit. Sessions that exist stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 1000)]
    pub session_limit: Option<u32>,
    /// What happens at the limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at_session_limit: Option<AtSessionLimit>,
    /// When a browser is asked for a proof of work before a code is sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_work: Option<ProofOfWork>,
    /// The domains whose addresses may sign up where `sign_up` is `domains`; at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sign_up_domains: Option<Vec<String>>,
    /// Which part passkeys have in signing in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub passkeys: Option<PasskeyPolicy>,
    /// Which part a second factor has in signing in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub second_factor: Option<SecondFactorPolicy>,
    /// Seconds after which a session that is not used ends: 15 minutes to 30 days. A shorter time counts
    /// for the sessions that are there, too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 900, maximum = 2_592_000)]
    pub session_idle_seconds: Option<u32>,
    /// Seconds after which a session ends however much it is used: 15 minutes to 30 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 900, maximum = 2_592_000)]
    pub session_absolute_seconds: Option<u32>,
    /// Hours that somebody who lost their second factor or passkeys waits for a way back: 1 to 720.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 720)]
    pub recovery_wait_hours: Option<u32>,
}

/// What `GET /health` on `admin.sock` answers, without an assertion.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Health {
    /// The issuer it serves.
    pub issuer: String,
    /// The program's version.
    pub version: String,
    /// Whether every signing key exists; RSA follows a moment after the first start.
    pub keys_complete: bool,
    /// Whether it was told to serve.
    #[serde(default)]
    pub standing: Standing,
    /// What it took from itself before it served.
    #[serde(default)]
    pub isolation: Vec<Measure>,
    /// When the next of its messages is to be sent, while any waits: it does not sleep before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_message_at: Option<Timestamp>,
    /// When an application is next to be told of an ended session, while any waits: it is awake then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_logout_at: Option<Timestamp>,
}

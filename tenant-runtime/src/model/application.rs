//! An application: an OAuth client with everything a request needs to know of it, ready in memory.

use std::time::Duration;

use polder_crypto::{Algorithm, ForeignKeys};
use polder_kernel::Timestamp;
use polder_protocol::authorize::Request;
use polder_protocol::{Client, Profile};
use polder_tenant_api::{Access, ApplicationId, ApplicationSecretId, Preferences};

use crate::oidc::subject;
use crate::settings::Lifetimes;

/// What libraries assume (OpenID Connect Core 2).
pub const DEFAULT_ID_TOKEN_ALG: Algorithm = Algorithm::Rs256;
/// Quick to make and quick to check.
pub const DEFAULT_ACCESS_TOKEN_ALG: Algorithm = Algorithm::Es256;

/// The usual algorithm of what is signed for an application of this profile (A67: RS256 is none of FAPI 2.0's).
pub const fn usual_id_token_alg(profile: Profile) -> Algorithm {
    if profile.demands().rs256 { DEFAULT_ID_TOKEN_ALG } else { Algorithm::Es256 }
}

/// An application as the cache holds it.
#[derive(Clone, Debug)]
pub struct Application {
    /// The `client_id`.
    pub id: ApplicationId,
    /// The name people see.
    pub name: String,
    /// What the protocol's rules need to know.
    pub client: Client,
    /// Whether it belongs to somebody else than the tenant: people are asked before it learns anything.
    pub third_party: bool,
    /// Who may sign in.
    pub access: Access,
    /// Further choices, as stored.
    pub preferences: Preferences,
    /// Algorithm of its ID tokens.
    pub id_token_alg: Algorithm,
    /// Algorithm of its access tokens.
    pub access_token_alg: Algorithm,
    /// Algorithm of userinfo, where it is to be signed.
    pub userinfo_alg: Option<Algorithm>,
    /// Algorithm of signed introspection answers to it.
    pub introspection_alg: Algorithm,
    /// The public keys it proves itself and signs requests with.
    pub keys: Option<ForeignKeys>,
    /// The host that its redirect URIs have in common.
    pub sector: Option<String>,
    /// Keyed hashes of its secrets; two may be valid at once while one is rotated (B18).
    pub secrets: Vec<SecretHash>,
    /// The name of the token that it registered itself with.
    pub registered_with: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was switched off.
    pub disabled_at: Option<Timestamp>,
}

/// The keyed hash of a client secret.
#[derive(Clone, Debug)]
pub struct SecretHash {
    /// Names it.
    pub id: ApplicationSecretId,
    /// `Keyring::index("client-secret", …)` of the secret.
    pub hash: String,
    /// When it stops working.
    pub expires_at: Option<Timestamp>,
}

impl Application {
    /// A new application with the default algorithms where its preferences name none.
    pub fn new(
        id: ApplicationId,
        name: String,
        client: Client,
        access: Access,
        preferences: Preferences,
        now: Timestamp,
    ) -> Self {
        let chosen = |name: Option<&String>, default| name.and_then(|name| name.parse().ok()).unwrap_or(default);
        let usual = usual_id_token_alg(client.profile);
        Self {
            id,
            name,
            userinfo_alg: preferences.userinfo_signed_response_alg.as_ref().and_then(|name| name.parse().ok()),
            sector: subject::sector(client.kind, &client.redirect_uris),
            client,
            third_party: false,
            access,
            id_token_alg: chosen(preferences.id_token_signed_response_alg.as_ref(), usual),
            introspection_alg: chosen(preferences.introspection_signed_response_alg.as_ref(), usual),
            keys: None,
            access_token_alg: chosen(preferences.access_token_signed_response_alg.as_ref(), DEFAULT_ACCESS_TOKEN_ALG),
            preferences,
            secrets: Vec::new(),
            registered_with: None,
            created_at: now,
            updated_at: now,
            disabled_at: None,
        }
    }

    /// How long its tokens live: as it chose, and else as is usual.
    pub fn lifetimes(&self, usual: &Lifetimes) -> Lifetimes {
        let chosen = |seconds: Option<u32>, usual| seconds.map_or(usual, |s| Duration::from_secs(u64::from(s)));
        let own = &self.preferences;
        Lifetimes {
            access_token: chosen(own.access_token_seconds, usual.access_token),
            refresh_idle: chosen(own.refresh_idle_seconds, usual.refresh_idle),
            refresh_absolute: chosen(own.refresh_absolute_seconds, usual.refresh_absolute),
            ..*usual
        }
    }

    /// Whether it signs anything: its keys are registered, or it says where they are.
    pub fn has_keys(&self) -> bool {
        self.keys.is_some() || self.preferences.jwks_uri.is_some()
    }

    /// Whether the answer to this request may go where it asks: to a redirect URI of its own, or, where its developer
    /// tries it out, to the control plane that pushed the request.
    pub fn is_answered_at(&self, request: &Request) -> bool {
        request.try_out || self.client.has_redirect_uri(request.return_to.redirect_uri())
    }

    /// Whether it is switched on.
    pub fn is_enabled(&self) -> bool {
        self.disabled_at.is_none()
    }

    /// Whether it registered a redirect URI at this web origin (B92).
    pub fn is_at(&self, origin: &str) -> bool {
        // Less than an origin, such as `https:`, is the beginning of many addresses and the origin of none.
        let is_origin = origin.split_once("://").is_some_and(|(_, host)| !host.is_empty() && !host.contains('/'));
        // `https://a.test` is the origin of `https://a.test/cb`, and not of `https://a.test.evil/cb`.
        is_origin
            && self
                .client
                .redirect_uris
                .iter()
                .filter_map(|uri| uri.as_str().strip_prefix(origin))
                .any(|rest| rest.is_empty() || rest.starts_with(['/', '?']))
    }
}

//! What the rules need to know of an application.

use crate::profile::Pkce;
use crate::scope::{self, Scope};
use crate::{Error, ErrorCode, Profile, RedirectUri, redirect_uri};

/// An application as the protocol sees it. A disabled one is not handed to the rules at all: to
/// them it is unknown (B01).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    /// The `client_id`.
    pub id: String,
    /// What kind of program it is.
    pub kind: ApplicationType,
    /// The rules it is held to.
    pub profile: Profile,
    /// The one way it proves itself.
    pub auth_method: AuthMethod,
    /// Where answers may go.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where people may go after signing out.
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// Scopes it may ask for beyond [`scope::STANDARD`].
    pub scopes: Scope,
    /// The audience of its access tokens where none is asked for.
    pub audience: String,
    /// What else it may name as `resource` (RFC 8707).
    pub resources: Vec<String>,
    /// What it asks for beyond its profile.
    pub insists: Insists,
}

/// What kind of program an application is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApplicationType {
    /// A server that keeps a secret.
    Web,
    /// A single-page application in a browser: public.
    Spa,
    /// A program on a phone or desktop: public.
    Native,
    /// A service without people.
    Machine,
}

/// What an application asks for beyond its profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Insists {
    /// That its authorization requests are pushed (RFC 9126 6).
    pub pushed_requests: bool,
    /// That its tokens are bound to its key (RFC 9449 5.2).
    pub dpop: bool,
}

/// How an application proves itself at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMethod {
    /// HTTP Basic (RFC 6749 2.3.1).
    ClientSecretBasic,
    /// Secret in the body (RFC 6749 2.3.1).
    ClientSecretPost,
    /// An assertion signed with a key of its own (OpenID Connect Core 9, RFC 7523 2.2).
    PrivateKeyJwt,
    /// A public client.
    None,
}

/// What the token endpoint can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrantType {
    /// RFC 6749 4.1.
    AuthorizationCode,
    /// RFC 6749 6.
    RefreshToken,
    /// RFC 6749 4.4.
    ClientCredentials,
    /// RFC 8628 3.4.
    DeviceCode,
}

impl Client {
    /// Whether it can keep no secret.
    pub fn is_public(&self) -> bool {
        self.auth_method == AuthMethod::None
    }

    /// Whether its authorization requests have to be pushed (B56).
    pub fn must_push(&self) -> bool {
        self.profile.demands().pushed_requests || self.insists.pushed_requests
    }

    /// Whether its tokens have to be bound to a key of its own (A65).
    pub fn must_bind_tokens(&self) -> bool {
        self.profile.demands().dpop || self.insists.dpop
    }

    /// Whether its authorization requests need a PKCE challenge (B29).
    pub fn must_use_pkce(&self) -> bool {
        match self.profile.demands().pkce {
            Pkce::Everybody => true,
            Pkce::PublicClients => self.is_public(),
        }
    }

    /// Refuses a grant that is not on its list with `unauthorized_client` (B12).
    pub fn permit(&self, grant: GrantType) -> Result<(), Error> {
        if self.grant_types.contains(&grant) {
            return Ok(());
        }
        Err(Error::new(ErrorCode::UnauthorizedClient, "the application may not use this grant type")
            .detail(grant.as_str()))
    }

    /// The scope that a request about a person is granted: an unknown scope is refused, never
    /// dropped (B05), except that `offline_access` means nothing without the refresh grant and is
    /// then ignored, as OpenID Connect Core 11 asks (A27).
    pub fn grant_scope(&self, requested: &Scope) -> Result<Scope, Error> {
        if !requested.iter().all(|token| self.may_ask(token)) {
            return Err(Error::new(ErrorCode::InvalidScope, "a requested scope is unknown"));
        }
        if self.grant_types.contains(&GrantType::RefreshToken) {
            return Ok(requested.clone());
        }
        Ok(requested.without(scope::OFFLINE_ACCESS))
    }

    /// Whether it may ask for this scope.
    pub fn may_ask(&self, token: &str) -> bool {
        scope::STANDARD.contains(&token) || self.scopes.contains(token)
    }

    /// The part of what was granted that it may still ask for: what was taken from it since is in no new token.
    #[must_use]
    pub fn still(&self, granted: Scope) -> Scope {
        if granted.iter().all(|token| self.may_ask(token)) {
            return granted;
        }
        granted.iter().filter(|token| self.may_ask(token)).collect()
    }

    /// Whether answers may go to this redirect URI: one of its own, the port of a native application's
    /// loopback address aside (B33, B95).
    pub fn has_redirect_uri(&self, presented: &str) -> bool {
        let native = self.kind == ApplicationType::Native;
        self.redirect_uris.iter().any(|own| redirect_uri::matches(own, presented, native))
    }

    /// Whether a live session may answer without a page. A public client behind a redirect that any
    /// program can claim may be an impostor, so the person is asked first (B91).
    pub fn is_verifiable(&self, redirect_uri: &str) -> bool {
        !self.is_public() || redirect_uri.starts_with("https://")
    }

    /// Whether a page of this origin may call the endpoints that are open to scripts: only the origins
    /// a single-page application is redirected to (B92). `null` is nobody's origin.
    pub fn may_call_from(&self, origin: &str) -> bool {
        self.kind == ApplicationType::Spa
            && self.redirect_uris.iter().any(|uri| uri.origin().as_deref() == Some(origin))
    }
}

impl ApplicationType {
    /// Every type.
    pub const ALL: [Self; 4] = [Self::Web, Self::Spa, Self::Native, Self::Machine];

    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Spa => "spa",
            Self::Native => "native",
            Self::Machine => "machine",
        }
    }
}

impl AuthMethod {
    /// Every method.
    pub const ALL: [Self; 4] = [Self::ClientSecretBasic, Self::ClientSecretPost, Self::PrivateKeyJwt, Self::None];

    /// The registered name (RFC 7591 2).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::PrivateKeyJwt => "private_key_jwt",
            Self::None => "none",
        }
    }

    /// Whether it rests on a secret that both sides know.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

impl GrantType {
    /// Every grant of this release.
    pub const ALL: [Self; 4] = [Self::AuthorizationCode, Self::RefreshToken, Self::ClientCredentials, Self::DeviceCode];

    /// The registered name (RFC 7591 2).
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
            Self::DeviceCode => "urn:ietf:params:oauth:grant-type:device_code",
        }
    }
}

/// The text names none of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known name")]
pub struct Unknown;

macro_rules! from_name {
    ($($kind:ty),+) => {$(
        impl std::str::FromStr for $kind {
            type Err = Unknown;
            fn from_str(name: &str) -> Result<Self, Unknown> {
                Self::ALL.into_iter().find(|one| one.as_str() == name).ok_or(Unknown)
            }
        }
        impl std::fmt::Display for $kind {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )+};
}
from_name!(ApplicationType, Profile, AuthMethod, GrantType);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn names_are_read_back() {
        assert!(GrantType::ALL.iter().all(|grant| grant.as_str().parse() == Ok(*grant)));
        assert!(AuthMethod::ALL.iter().all(|method| method.as_str().parse() == Ok(*method)));
        assert!(ApplicationType::ALL.iter().all(|kind| kind.as_str().parse() == Ok(*kind)));
        assert!(Profile::ALL.iter().all(|profile| profile.as_str().parse() == Ok(*profile)));
        for wrong in ["password", "implicit", "", "Authorization_Code"] {
            assert_eq!(wrong.parse::<GrantType>(), Err(Unknown), "{wrong}");
        }
    }

    #[test]
    fn b05_an_unknown_scope_is_refused_and_never_dropped() {
        let client = sample::web();
        let granted = |text: &str| client.grant_scope(&Scope::parse(text).unwrap());
        assert_eq!(
            granted("openid profile email offline_access roles api:read").unwrap().to_string(),
            "openid profile email offline_access roles api:read"
        );
        for wrong in ["openid address", "openid phone", "openid api:admin", "OPENID"] {
            assert_eq!(granted(wrong).unwrap_err().code, ErrorCode::InvalidScope, "{wrong}");
        }
    }

    #[test]
    fn a27_offline_access_means_nothing_without_the_refresh_grant() {
        let client = Client { grant_types: vec![GrantType::AuthorizationCode], ..sample::web() };
        let granted = client.grant_scope(&Scope::parse("openid offline_access").unwrap()).unwrap();
        assert_eq!(granted.to_string(), "openid");
    }

    #[test]
    fn b91_only_a_secret_or_a_claimed_https_redirect_makes_a_client_verifiable() {
        assert!(sample::web().is_verifiable("http://localhost:3000/cb"));
        assert!(sample::native().is_verifiable("https://app.example.test/cb"));
        assert!(!sample::native().is_verifiable("com.example.app:/cb"));
        assert!(!sample::native().is_verifiable("http://127.0.0.1:5000/cb"));
    }

    #[test]
    fn b92_only_the_origins_of_single_page_applications_may_call() {
        let spa = sample::spa();
        assert!(spa.may_call_from("https://coach.example.test"));
        for wrong in [
            "null",
            "https://coach.example.test/",
            "https://coach.example.test:8443",
            "http://coach.example.test",
            "https://evil.test",
            "",
        ] {
            assert!(!spa.may_call_from(wrong), "{wrong}");
        }
        assert!(!sample::web().may_call_from("https://coach.example.test"));
        assert!(!sample::native().may_call_from("null"));
    }
}

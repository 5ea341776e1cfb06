//! What each profile demands (design decision 13): the one table, and the words for its cells.
//!
//! The standards contradict each other, so each application is held to one set of rules: `default` follows OAuth
//! 2.1 and the security best current practice, `compat` takes what certified clients and older libraries send,
//! and `fapi2` is the FAPI 2.0 Security Profile. A check reads its own cell and knows of no profile.

use std::time::Duration;

use crate::AuthMethod;

/// The rules an application is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// OAuth 2.1 and the security best current practice: PKCE always.
    #[default]
    Default,
    /// What OpenID certification and older libraries need: PKCE is optional for who keeps a secret.
    Compat,
    /// FAPI 2.0 Security Profile.
    Fapi2,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// Who has to send a PKCE challenge (B29).
    pub pkce: Pkce,
    /// Whether the redirect URI is sent to the token endpoint again although PKCE binds the code (B15).
    pub redirect_uri_again: bool,
    /// Whether authorization requests are pushed (RFC 9126).
    pub pushed_requests: bool,
    /// How an application may prove itself.
    pub auth_methods: &'static [AuthMethod],
    /// Whether tokens are bound to a key of the application (RFC 9449).
    pub dpop: bool,
    /// Whether a DPoP proof needs a nonce of ours (RFC 9449 8).
    pub dpop_nonce: bool,
    /// What an application signs assertions, request objects and proofs with.
    pub algorithms: &'static [&'static str],
    /// Whether we may sign tokens and introspection answers for it with RS256.
    pub rs256: bool,
    /// Whom a client assertion is for (decision 6 of the checklist).
    pub assertion_audience: AssertionAudience,
    /// The longest that a client assertion may still be good for (B70).
    pub assertion_lifetime: Duration,
    /// Whether a request object says what it is and when it is good (RFC 9101 10.8, FAPI 2.0 Message Signing 5.3.1).
    pub request_object: RequestObjects,
    /// Whether a refresh token gives way to a new one at each use.
    pub rotation: bool,
}

/// Who has to send a PKCE challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pkce {
    /// Everybody.
    Everybody,
    /// Applications that keep no secret.
    PublicClients,
}

/// What `aud` of a client assertion may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssertionAudience {
    /// The issuer, as a text and not as a list.
    IssuerText,
    /// The issuer alone.
    Issuer,
    /// The issuer or one of the endpoints, perhaps among others.
    IssuerOrEndpoint,
}

/// How strict request objects are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestObjects {
    /// With a type, and times.
    TypedAndTimed,
    /// With a type.
    Typed,
    /// As OpenID Connect Core 6.1 has them: without either.
    Plain,
}

/// The longest time between `nbf` and `exp` of a request object where both are asked for.
pub const REQUEST_OBJECT_LIFETIME: Duration = Duration::from_secs(3600);

/// Every algorithm that an application may sign something with, RS256 last.
pub const ALGORITHMS: [&str; 5] = ["ES256", "PS256", "EdDSA", "Ed25519", "RS256"];
/// Those of FAPI 2.0 5.4.1.
const STRONG: &[&str] = &["ES256", "PS256", "EdDSA", "Ed25519"];

const FIVE_MINUTES: Duration = Duration::from_secs(300);

const DEFAULT: Demands = Demands {
    pkce: Pkce::Everybody,
    redirect_uri_again: false,
    pushed_requests: false,
    auth_methods: &AuthMethod::ALL,
    dpop: false,
    dpop_nonce: false,
    algorithms: &ALGORITHMS,
    rs256: true,
    assertion_audience: AssertionAudience::Issuer,
    assertion_lifetime: FIVE_MINUTES,
    request_object: RequestObjects::Typed,
    rotation: true,
};

const COMPAT: Demands = Demands {
    pkce: Pkce::PublicClients,
    redirect_uri_again: true,
    assertion_audience: AssertionAudience::IssuerOrEndpoint,
    // Libraries in use sign assertions for an hour.
    assertion_lifetime: Duration::from_secs(3600),
    request_object: RequestObjects::Plain,
    ..DEFAULT
};

const FAPI2: Demands = Demands {
    pushed_requests: true,
    auth_methods: &[AuthMethod::PrivateKeyJwt],
    dpop: true,
    dpop_nonce: true,
    algorithms: STRONG,
    rs256: false,
    assertion_audience: AssertionAudience::IssuerText,
    request_object: RequestObjects::TypedAndTimed,
    // A lost answer is asked for again with the same token (FAPI 2.0 5.3.2.1).
    rotation: false,
    ..DEFAULT
};

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Default, Self::Compat, Self::Fapi2];

    /// The name as stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Compat => "compat",
            Self::Fapi2 => "fapi2",
        }
    }

    /// What it demands.
    pub const fn demands(self) -> &'static Demands {
        match self {
            Self::Default => &DEFAULT,
            Self::Compat => &COMPAT,
            Self::Fapi2 => &FAPI2,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a67_fapi2_knows_no_rs256_and_no_secret() {
        let demands = Profile::Fapi2.demands();
        assert!(!demands.algorithms.contains(&"RS256") && !demands.rs256);
        assert_eq!(demands.auth_methods, [AuthMethod::PrivateKeyJwt]);
        assert_eq!(demands.assertion_audience, AssertionAudience::IssuerText);
    }

    #[test]
    fn b28_no_profile_lets_a_public_client_go_without_pkce() {
        assert_eq!(Profile::Compat.demands().pkce, Pkce::PublicClients);
        for profile in [Profile::Default, Profile::Fapi2] {
            assert_eq!(profile.demands().pkce, Pkce::Everybody, "{}", profile.as_str());
        }
    }
}

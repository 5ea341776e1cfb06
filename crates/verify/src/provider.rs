//! An issuer and its keys: found by discovery, kept, and found again as they rotate.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use polder_crypto::{Algorithm, JwtError, Verified, Verifier};
use polder_kernel::{Clock, Timestamp};
use serde_json::Value;
use tokio::sync::Mutex;
use url::Url;

use crate::backoff::Backoff;
use crate::discovery::{self, Metadata};
use crate::http_client::Http;

/// How long keys are used before they are looked for again: an issuer that drops one in an emergency is believed
/// after this long.
const FRESH: Duration = Duration::from_secs(300);
/// How long keys are used where the issuer cannot be asked.
const STALE: Duration = Duration::from_secs(3600);
/// How often a key that nobody knows leads to a question, at most: anybody can name one.
const UNKNOWN_EVERY: Duration = Duration::from_secs(10);

/// Why an issuer cannot be used. Holds nothing of request and answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unusable(pub(crate) &'static str);

/// An issuer. Clones share its keys.
#[derive(Clone)]
pub struct Provider(Arc<Inner>);

struct Inner {
    issuer: String,
    http: Http,
    clock: Clock,
    known: RwLock<Option<Arc<Known>>>,
    /// One asks at a time; the others find what it found.
    asking: Mutex<Backoff>,
}

/// What the issuer said last.
pub(crate) struct Known {
    pub(crate) metadata: Metadata,
    keys: Verifier,
    at: Timestamp,
}

/// Why a token was not verified.
pub(crate) enum Unverified {
    /// It is not to be believed.
    Token(JwtError),
    /// The issuer's keys cannot be had.
    Issuer(Unusable),
}

impl Provider {
    /// The issuer with this identifier. Nothing is fetched yet.
    ///
    /// # Errors
    /// When it is not an https address, or http of this machine; or TLS cannot be set up.
    pub fn new(issuer: &str) -> Result<Self, Unusable> {
        Self::with_clock(issuer, Clock::System)
    }

    /// As [`Self::new`], at the time of this clock.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_clock(issuer: &str, clock: Clock) -> Result<Self, Unusable> {
        let url = Url::parse(issuer).map_err(|_| Unusable("the issuer is not a URL"))?;
        if url.scheme() != "https" && !(url.scheme() == "http" && is_here(&url)) {
            return Err(Unusable("the issuer must be an https address"));
        }
        let issuer = issuer.to_owned();
        let (known, asking) = (RwLock::new(None), Mutex::default());
        Ok(Self(Arc::new(Inner { issuer, http: Http::new()?, clock, known, asking })))
    }

    /// The issuer's identifier.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.clock.now()
    }

    pub(crate) fn http(&self) -> &Http {
        &self.0.http
    }

    /// What the issuer said, asked anew where that was too long ago.
    pub(crate) async fn known(&self) -> Result<Arc<Known>, Unusable> {
        let known = self.remembered();
        match known {
            Some(known) if self.now() < known.at + FRESH => Ok(known),
            known => self.ask(known.as_ref()).await,
        }
    }

    /// Verifies a signature by the issuer's keys. A key that is not known is asked for once.
    pub(crate) async fn verify(&self, token: &str, types: &[&str]) -> Result<Verified, Unverified> {
        let known = self.known().await.map_err(Unverified::Issuer)?;
        match known.keys.verify(token, types, &Algorithm::ALL) {
            Err(JwtError::UnknownKey) if known.at + UNKNOWN_EVERY <= self.now() => {
                let known = self.ask(Some(&known)).await.map_err(Unverified::Issuer)?;
                known.keys.verify(token, types, &Algorithm::ALL).map_err(Unverified::Token)
            }
            verified => verified.map_err(Unverified::Token),
        }
    }

    fn remembered(&self) -> Option<Arc<Known>> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Asks the issuer, unless somebody did since `before`. Where it does not answer, what is known is used for a
    /// while.
    async fn ask(&self, before: Option<&Arc<Known>>) -> Result<Arc<Known>, Unusable> {
        let mut backoff = self.0.asking.lock().await;
        let (now, known) = (self.now(), self.remembered());
        if let (Some(known), true) = (&known, known.as_ref().map(|known| known.at) != before.map(|known| known.at)) {
            return Ok(Arc::clone(known));
        }
        let fetched =
            if backoff.allows(now) { self.fetch(now).await } else { Err(Unusable("the issuer did not answer")) };
        match fetched {
            Ok(fetched) => {
                backoff.succeeded();
                let fetched = Arc::new(fetched);
                *self.0.known.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&fetched));
                Ok(fetched)
            }
            Err(error) => {
                if backoff.allows(now) {
                    tracing::warn!(issuer = self.0.issuer, %error, "the keys could not be looked for");
                    backoff.failed(now);
                }
                known.filter(|known| now < known.at + STALE).ok_or(error)
            }
        }
    }

    async fn fetch(&self, at: Timestamp) -> Result<Known, Unusable> {
        let metadata = discovery::discover(&self.0.http, &self.0.issuer).await?;
        let jwks: Value = self.0.http.get(&metadata.jwks_uri).await?;
        Ok(Known { metadata, keys: Verifier::new(&readable(&jwks)), at })
    }
}

/// The keys that are understood here. Others, of kinds to come, are no reason to understand none.
fn readable(jwks: &Value) -> polder_crypto::Jwks {
    let all = jwks["keys"].as_array().into_iter().flatten();
    polder_crypto::Jwks { keys: all.filter_map(|key| serde_json::from_value(key.clone()).ok()).collect() }
}

fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Provider").field(&self.0.issuer).finish()
    }
}

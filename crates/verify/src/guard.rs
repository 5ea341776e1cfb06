//! What stands before an API.

use std::fmt;
use std::sync::Arc;

use http::request::Parts;
use http::{HeaderMap, Method, header};
use polder_crypto::JwtError;
use polder_kernel::{Clock, Secret, Timestamp};
use url::Url;

use crate::access_token::{self, Claims, TYPES};
use crate::dpop;
use crate::introspection::{self, Credentials};
use crate::provider::{Provider, Unusable, Unverified};
use crate::refused::{Problem, Refused};
use crate::replay::Seen;
use crate::token::Token;

/// Longer tokens are refused unread, in bytes.
const LONGEST: usize = 16 * 1024;

/// Checks the tokens of requests to one API. Clones share keys and memory.
#[derive(Clone)]
pub struct Guard(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    provider: Provider,
    audience: String,
    /// Where clients reach the API, for proofs of possession.
    base: Option<Url>,
    credentials: Option<Credentials>,
    ask: Ask,
    bound_only: bool,
    seen: Arc<Seen>,
}

/// When the issuer is asked about a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ask {
    /// Where it says nothing by itself.
    Opaque,
    /// Each time.
    Always,
}

/// What a request presents.
#[derive(Clone, Copy)]
pub struct Presented<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its path, from the root of the API.
    pub path: &'a str,
    /// Its headers.
    pub headers: &'a HeaderMap,
}

impl<'a> From<&'a Parts> for Presented<'a> {
    fn from(parts: &'a Parts) -> Self {
        Self { method: &parts.method, path: parts.uri.path(), headers: &parts.headers }
    }
}

impl Guard {
    /// The guard of the API that the issuer's tokens call `audience`. Nothing is fetched yet.
    ///
    /// # Errors
    /// When the issuer is not an https address, or http of this machine; or TLS cannot be set up.
    pub fn new(issuer: &str, audience: &str) -> Result<Self, Unusable> {
        Self::with_clock(issuer, audience, Clock::System)
    }

    /// As [`Self::new`], at the time of this clock.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn with_clock(issuer: &str, audience: &str, clock: Clock) -> Result<Self, Unusable> {
        Ok(Self::of(Provider::with_clock(issuer, clock)?, audience))
    }

    /// The guard of a further API, with an issuer that is known already.
    pub fn of(provider: Provider, audience: &str) -> Self {
        Self(Arc::new(Inner {
            provider,
            audience: audience.to_owned(),
            base: None,
            credentials: None,
            ask: Ask::Opaque,
            bound_only: false,
            seen: Arc::default(),
        }))
    }

    /// Takes opaque tokens, too: the issuer is asked about them, as this application (RFC 7662).
    #[must_use]
    pub fn introspecting(self, client_id: &str, client_secret: &str) -> Self {
        let (id, secret) = (client_id.to_owned(), Secret::new(client_secret.to_owned()));
        self.with(|inner| inner.credentials = Some(Credentials { id, secret }))
    }

    /// Asks the issuer about every token, so that a revocation is seen at once. It needs
    /// [`Self::introspecting`]; without, every token is refused.
    #[must_use]
    pub fn asking_always(self) -> Self {
        self.with(|inner| inner.ask = Ask::Always)
    }

    /// Takes tokens that are bound to a key (RFC 9449). `base` is where clients reach the root of the API (of a
    /// router that is nested, with its place); what a request itself says of that is not believed.
    ///
    /// # Errors
    /// When it is not a URL.
    pub fn reached_at(self, base: &str) -> Result<Self, Unusable> {
        let base = Url::parse(base).map_err(|_| Unusable("the API's own address is not a URL"))?;
        Ok(self.with(|inner| inner.base = Some(base)))
    }

    /// Takes no others than those.
    #[must_use]
    pub fn bound_only(self) -> Self {
        self.with(|inner| inner.bound_only = true)
    }

    fn with(self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut inner = Arc::unwrap_or_clone(self.0);
        change(&mut inner);
        Self(Arc::new(inner))
    }

    /// The token of a request, if it is good for this API.
    ///
    /// # Errors
    /// Why it is not.
    pub async fn check(&self, presented: Presented<'_>) -> Result<Token, Refused> {
        let (dpop, token) = carried(presented.headers)?;
        self.checked(presented, (dpop, token)).await.map_err(|refused| refused.speaking_dpop(dpop))
    }

    async fn checked(&self, presented: Presented<'_>, (dpop, token): (bool, &str)) -> Result<Token, Refused> {
        let Inner { provider, audience, ask, .. } = &*self.0;
        let now = provider.now();
        let claims = if *ask == Ask::Always || is_opaque(token) {
            let credentials = self.0.credentials.as_ref().ok_or_else(|| invalid("it says nothing by itself"))?;
            introspection::ask(provider, credentials, (token, audience), now).await?
        } else {
            self.read(token, now).await?
        };
        self.bound(presented, (dpop, token), &claims, now)?;
        Ok(Token { claims, checked_at: now, dpop })
    }

    async fn read(&self, token: &str, now: Timestamp) -> Result<Claims, Refused> {
        let Inner { provider, audience, .. } = &*self.0;
        let verified = provider.verify(token, &TYPES).await.map_err(|why| match why {
            Unverified::Token(JwtError::Type) => invalid("it is no access token"),
            Unverified::Token(_) => invalid("it does not verify"),
            Unverified::Issuer(Unusable(why)) => Refused::new(Problem::Unavailable(why)),
        })?;
        let claims: Claims = verified.claims().map_err(|_| invalid("it lacks a claim"))?;
        access_token::check(&claims, (provider.issuer(), audience), now)?;
        Ok(claims)
    }

    /// A token that is bound to a key comes with a proof, and under no other scheme (RFC 9449, 7.1, 7.2).
    fn bound(
        &self,
        presented: Presented<'_>,
        (dpop, token): (bool, &str),
        claims: &Claims,
        now: Timestamp,
    ) -> Result<(), Refused> {
        let wrong = |why| Err(Refused::new(Problem::InvalidProof(why)));
        let jkt = match (&claims.cnf, dpop) {
            (None, false) if self.0.bound_only => return Err(invalid("it is bound to no key")),
            (None, false) => return Ok(()),
            (None, true) => return Err(invalid("it is bound to no key")),
            (Some(_), false) => return Err(invalid("it is bound to a key")),
            (Some(cnf), true) => cnf.jkt.as_deref().ok_or_else(|| invalid("it is bound in a way that is not known"))?,
        };
        let Some(base) = &self.0.base else { return wrong("the API was not told where clients reach it") };
        let mut proofs = presented.headers.get_all("dpop").iter();
        let (Some(proof), None) = (proofs.next(), proofs.next()) else { return wrong("there must be one proof") };
        let Ok(proof) = proof.to_str() else { return wrong("the proof is not text") };
        let mut url = base.clone();
        url.set_path(&format!("{}{}", base.path().trim_end_matches('/'), presented.path));
        let request = dpop::Request { method: presented.method.as_str(), url: &url, token, jkt };
        dpop::check(proof, request, &self.0.seen, now).or_else(wrong)
    }
}

/// The token of a request, and whether it came under the scheme `DPoP`. Schemes are compared whatever their case
/// (RFC 9110, 11.1); a token in the address is not looked for.
fn carried(headers: &HeaderMap) -> Result<(bool, &str), Refused> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(first) = all.next() else { return Err(Refused::new(Problem::NoToken)) };
    if all.next().is_some() {
        return Err(Refused::new(Problem::InvalidRequest("there is more than one token")));
    }
    let text = first.to_str().map_err(|_| invalid("it is not text"))?;
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    let dpop = match scheme {
        scheme if scheme.eq_ignore_ascii_case("bearer") => false,
        scheme if scheme.eq_ignore_ascii_case("dpop") => true,
        _ => return Err(Refused::new(Problem::NoToken)),
    };
    let token = token.trim_start_matches(' ');
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || token.len() > LONGEST || !token.bytes().all(fits) {
        return Err(invalid("it is no token").speaking_dpop(dpop));
    }
    Ok((dpop, token))
}

/// A JWT has three parts; what has others says nothing by itself.
fn is_opaque(token: &str) -> bool {
    token.split('.').count() != 3
}

fn invalid(why: &'static str) -> Refused {
    Refused::new(Problem::InvalidToken(why))
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Guard")
            .field("provider", &self.0.provider)
            .field("audience", &self.0.audience)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn carrying(values: &[&str]) -> Result<(bool, String), Problem> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        let carried = carried(&headers).map(|(dpop, token)| (dpop, token.to_owned()));
        carried.map_err(|refused| refused.problem().clone())
    }

    #[test]
    fn b21_a_token_comes_once_under_a_scheme_of_any_case() {
        for (value, dpop) in
            [("Bearer a.b.c", false), ("bearer a.b.c", false), ("DPoP a.b.c", true), ("dpop  a.b.c", true)]
        {
            assert_eq!(carrying(&[value]), Ok((dpop, "a.b.c".to_owned())), "{value}");
        }
        assert_eq!(carrying(&[]), Err(Problem::NoToken));
        assert_eq!(carrying(&["Basic YTpi"]), Err(Problem::NoToken));
        assert!(matches!(carrying(&["Bearer a", "Bearer a"]), Err(Problem::InvalidRequest(_))));
        for wrong in ["Bearer", "Bearer ", "Bearer a b", "Bearer a,b", "DPoP \"a\""] {
            assert!(matches!(carrying(&[wrong]), Err(Problem::InvalidToken(_))), "{wrong}");
        }
    }
}

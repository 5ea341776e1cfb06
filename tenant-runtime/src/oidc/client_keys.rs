//! The keys that applications sign with: those they registered, or those they publish at their `jwks_uri` (A35).
//!
//! What is published is kept for an hour. When something is signed by a key that is not known, or no key fits, it is
//! read again, once a minute at most: anybody can send us something badly signed. One reads at a time per
//! application; what failed is tried again after a pause that grows. Without keys nobody is believed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_crypto::{Foreign, ForeignKeys, JwtError, strict_json};
use polder_kernel::Timestamp;
use polder_outbound::egress::Limits;
use polder_tenant_api::ApplicationId;

use crate::App;
use crate::model::Application;

/// How long what was read is fresh.
const FRESH: Duration = Duration::from_secs(3600);
/// How long it will do where the application's server does not answer.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How often it is read again for a key that is not known.
const AGAIN: Duration = Duration::from_secs(60);
/// How long after a failure the next try waits; twice as long after each further one.
const PAUSE: Duration = Duration::from_secs(5);
/// The most doublings of the pause: it grows to five minutes.
const DOUBLINGS: u32 = 6;
/// What reading may take. A key is some hundred bytes.
const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 64 * 1024 };

/// Why something is not an application's word; for the log.
#[derive(Debug, thiserror::Error)]
pub enum Unverified {
    /// It has no keys.
    #[error("no keys are registered")]
    NoKeys,
    /// Its keys could not be read.
    #[error("its keys cannot be read: {0}")]
    Unreadable(&'static str),
    /// They do not fit.
    #[error(transparent)]
    Jwt(#[from] JwtError),
}

/// What applications published, by application: never shared between two.
#[derive(Default)]
pub struct PublishedKeys(Mutex<HashMap<ApplicationId, Arc<tokio::sync::Mutex<Known>>>>);

#[derive(Default)]
struct Known {
    /// Where it was read.
    at: String,
    keys: Option<(Arc<ForeignKeys>, Timestamp)>,
    failures: u32,
    failed_at: Option<Timestamp>,
}

/// Verifies what an application signed, by one of its keys and with the algorithm it chose, or one that its profile
/// takes.
///
/// # Errors
/// [`Unverified`].
pub async fn verify(
    app: &App,
    application: &Application,
    text: &str,
    chosen: Option<&str>,
) -> Result<Foreign, Unverified> {
    let one = chosen.map(|alg| [alg]);
    let algorithms = one.as_ref().map_or(application.client.profile.demands().algorithms, |one| &one[..]);
    if let Some(keys) = &application.keys {
        return Ok(keys.verify(text, algorithms)?);
    }
    let uri = application.preferences.jwks_uri.as_deref().ok_or(Unverified::NoKeys)?;
    let keys = app.published_keys.read(app, (application.id, uri), FRESH).await?;
    match keys.verify(text, algorithms) {
        Err(JwtError::UnknownKey | JwtError::Signature) => {}
        judged => return Ok(judged?),
    }
    Ok(app.published_keys.read(app, (application.id, uri), AGAIN).await?.verify(text, algorithms)?)
}

impl PublishedKeys {
    /// Forgets all but these applications.
    pub fn keep_only(&self, is_there: impl Fn(ApplicationId) -> bool) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|id, _| is_there(*id));
    }

    async fn read(
        &self,
        app: &App,
        (application, uri): (ApplicationId, &str),
        fresh: Duration,
    ) -> Result<Arc<ForeignKeys>, Unverified> {
        let place = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(application).or_default());
        let mut known = place.lock().await;
        if known.at != uri {
            *known = Known { at: uri.to_owned(), ..Known::default() };
        }
        let now = app.clock.now();
        let held = known.keys.clone().filter(|(_, at)| now.since(*at) < STALE);
        if let Some((keys, _)) = held.as_ref().filter(|(_, at)| now.since(*at) < fresh) {
            return Ok(Arc::clone(keys));
        }
        let pause = PAUSE * 2_u32.pow(known.failures.saturating_sub(1).min(DOUBLINGS));
        if known.failed_at.is_some_and(|at| now.since(at) < pause) {
            return held.map(|(keys, _)| keys).ok_or(Unverified::Unreadable("they could not be a moment ago"));
        }
        match fetch(app, uri).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *known = Known { at: uri.to_owned(), keys: Some((Arc::clone(&keys), now)), ..Known::default() };
                Ok(keys)
            }
            Err(why) => {
                known.failed_at = Some(now);
                known.failures = known.failures.saturating_add(1);
                held.map(|(keys, _)| keys).ok_or(Unverified::Unreadable(why))
            }
        }
    }
}

async fn fetch(app: &App, uri: &str) -> Result<ForeignKeys, &'static str> {
    let answer = app.outbound.get(uri, LIMITS).await.map_err(|_| "its server was not reached")?;
    if answer.status() != http::StatusCode::OK {
        return Err("its server answered with another status than 200");
    }
    let jwks = strict_json::parse(answer.body()).ok_or("what its server answered is no JSON")?;
    ForeignKeys::published(&jwks).map_err(|_| "what its server answered is no set of public keys")
}

//! The keys that applications sign with: those they registered, or those they publish at their `jwks_uri` (A35).
//!
//! What is published is kept for an hour. When something is signed by a key that is not known, or no key fits, it is
//! read again, once a minute at most: anybody can send us something badly signed. One reads at a time per
//! application, while the others go on with what is known; what failed is tried again after a pause that grows. Where
//! the server does not answer, what is known is good for a day; where it answers without keys, for nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_crypto::{Foreign, ForeignKeys, JwtError, strict_json};
use polder_kernel::Timestamp;
use polder_outbound::Egress;
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
pub struct PublishedKeys(Mutex<HashMap<ApplicationId, Arc<Published>>>);

/// What one application published.
#[derive(Default)]
struct Published {
    known: Mutex<Known>,
    /// Held by the one who reads.
    reading: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Known {
    /// Where it was read.
    at: String,
    keys: Option<(Arc<ForeignKeys>, Timestamp)>,
    failures: u32,
    failed_at: Option<Timestamp>,
}

/// What is known of the keys at an address.
enum Seen {
    /// Fresh enough.
    Fresh(Arc<ForeignKeys>),
    /// Not to be read again yet; older keys where they will do.
    Resting(Option<Arc<ForeignKeys>>),
    /// To be read; older keys where they will do.
    Due(Option<Arc<ForeignKeys>>),
}

/// Why keys were not read.
struct Unread {
    why: &'static str,
    /// Whether the server may have them all the same: then older ones will do.
    temporary: bool,
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
        // A new key may be of another kind, and keys need no names.
        Err(JwtError::UnknownKey | JwtError::Signature | JwtError::Algorithm) => {}
        judged => return Ok(judged?),
    }
    Ok(app.published_keys.read(app, (application.id, uri), AGAIN).await?.verify(text, algorithms)?)
}

impl PublishedKeys {
    /// Forgets all but these applications.
    pub fn keep_only(&self, is_there: impl Fn(ApplicationId) -> bool) {
        locked(&self.0).retain(|id, _| is_there(*id));
    }

    async fn read(
        &self,
        app: &App,
        (application, uri): (ApplicationId, &str),
        fresh: Duration,
    ) -> Result<Arc<ForeignKeys>, Unverified> {
        let place = Arc::clone(locked(&self.0).entry(application).or_default());
        let now = app.clock.now();
        let resting = || Unverified::Unreadable("they could not be a moment ago");
        let held = match place.seen(uri, now, fresh) {
            Seen::Fresh(keys) => return Ok(keys),
            Seen::Resting(held) => return held.ok_or_else(resting),
            Seen::Due(held) => held,
        };
        let reading = match (Arc::clone(&place.reading).try_lock_owned(), held) {
            (Ok(reading), _) => reading,
            // Who may have what it needs does not wait for somebody's slow server.
            (Err(_), Some(keys)) if fresh == FRESH => return Ok(keys),
            (Err(_), _) => Arc::clone(&place.reading).lock_owned().await,
        };
        match place.seen(uri, now, fresh) {
            Seen::Fresh(keys) => return Ok(keys),
            Seen::Resting(held) => return held.ok_or_else(resting),
            Seen::Due(_) => {}
        }
        // To its end, whoever asked: a caller that hangs up does not make it be tried anew.
        let (outbound, uri) = (app.outbound.clone(), uri.to_owned());
        let read = tokio::spawn(async move {
            let fetched = fetch(&outbound, &uri).await;
            let kept = place.keep(&uri, now, fetched);
            drop(reading);
            kept
        });
        read.await.unwrap_or(Err("reading them was given up")).map_err(Unverified::Unreadable)
    }
}

impl Published {
    fn seen(&self, uri: &str, now: Timestamp, fresh: Duration) -> Seen {
        let mut known = locked(&self.known);
        if known.at != uri {
            *known = Known { at: uri.to_owned(), ..Known::default() };
        }
        let held = known.keys.as_ref().filter(|(_, at)| now.since(*at) < STALE);
        if let Some((keys, _)) = held.filter(|(_, at)| now.since(*at) < fresh) {
            return Seen::Fresh(Arc::clone(keys));
        }
        let held = held.map(|(keys, _)| Arc::clone(keys));
        let pause = PAUSE * 2_u32.pow(known.failures.saturating_sub(1).min(DOUBLINGS));
        match known.failed_at {
            Some(at) if now.since(at) < pause => Seen::Resting(held),
            _ => Seen::Due(held),
        }
    }

    /// Notes what became of reading. A server that answered has no other keys than those it answered with: what it
    /// took back is good no more.
    fn keep(
        &self,
        uri: &str,
        now: Timestamp,
        fetched: Result<ForeignKeys, Unread>,
    ) -> Result<Arc<ForeignKeys>, &'static str> {
        let mut known = locked(&self.known);
        if known.at != uri {
            return Err("its address has changed meanwhile");
        }
        match fetched {
            Ok(keys) => {
                let keys = Arc::new(keys);
                *known = Known { at: uri.to_owned(), keys: Some((Arc::clone(&keys), now)), ..Known::default() };
                Ok(keys)
            }
            Err(Unread { why, temporary }) => {
                known.failed_at = Some(now);
                known.failures = known.failures.saturating_add(1);
                let held = known.keys.take().filter(|(_, at)| temporary && now.since(*at) < STALE);
                known.keys = held;
                known.keys.as_ref().map(|(keys, _)| Arc::clone(keys)).ok_or(why)
            }
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn fetch(outbound: &Egress, uri: &str) -> Result<ForeignKeys, Unread> {
    let answer = outbound.get(uri, LIMITS).await;
    let answer =
        answer.map_err(|error| Unread { why: "its server was not reached", temporary: error.is_temporary() })?;
    let status = answer.status();
    if status != http::StatusCode::OK {
        let temporary = status.is_server_error() || status == http::StatusCode::TOO_MANY_REQUESTS;
        return Err(Unread { why: "its server answered with another status than 200", temporary });
    }
    let wrong = |why| Unread { why, temporary: false };
    let jwks = strict_json::parse(answer.body()).ok_or_else(|| wrong("what its server answered is no JSON"))?;
    ForeignKeys::published(&jwks).map_err(|_| wrong("what its server answered is no set of public keys"))
}

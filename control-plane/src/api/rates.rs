//! How often a key may ask, counted in whole minutes, and how often a stranger may be refused.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::header::RETRY_AFTER;
use http::{HeaderName, HeaderValue};
use polder_kernel::{Clock, Timestamp};
use polder_service::limit::{Limits, RetryAfter, Rule};

use crate::model::ApiKeyId;

const WINDOW: Duration = Duration::from_secs(60);

/// Windows held before those that are over are dropped.
const HELD: usize = 4096;

/// Refusals for want of a key that may be used from there, per network.
const STRANGERS: (&str, Rule) = ("api-refused", Rule { burst: 100, per_minute: 60 });

/// What is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// What changes nothing.
    Read,
    /// What may change something.
    Write,
}

impl Kind {
    const fn limit(self) -> u32 {
        match self {
            Self::Read => 12_000,
            Self::Write => 1_200,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Read => "reads",
            Self::Write => "writes",
        }
    }
}

/// The counters.
pub struct Rates {
    clock: Clock,
    windows: Mutex<HashMap<(ApiKeyId, Kind), Window>>,
    strangers: Limits,
}

#[derive(Clone, Copy)]
struct Window {
    ends_at: Timestamp,
    used: u32,
}

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    kind: Kind,
    remaining: u32,
    reset_seconds: u64,
}

impl Rates {
    /// Counters that nothing has been counted on.
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), windows: Mutex::default(), strangers: Limits::new(clock, &[STRANGERS]) }
    }

    /// Counts one request with this key. An error when it is one too many.
    ///
    /// # Errors
    /// Where the key stands.
    pub fn count(&self, key: ApiKeyId, kind: Kind) -> Result<Standing, Standing> {
        let now = self.clock.now();
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= HELD {
            windows.retain(|_, window| window.ends_at > now);
        }
        let window = windows.entry((key, kind)).or_insert(Window { ends_at: now, used: 0 });
        if window.ends_at <= now {
            *window = Window { ends_at: now + WINDOW, used: 0 };
        }
        let reset_seconds = window.ends_at.since(now).as_millis().div_ceil(1000).try_into().unwrap_or(1);
        let standing = |remaining| Standing { kind, remaining, reset_seconds };
        if window.used >= kind.limit() {
            return Err(standing(0));
        }
        window.used += 1;
        Ok(standing(kind.limit() - window.used))
    }

    /// Counts one refusal for want of a key, or for one that belongs elsewhere.
    ///
    /// # Errors
    /// When this network was refused too often.
    pub fn stranger(&self, ip: Option<IpAddr>) -> Result<(), RetryAfter> {
        self.strangers.check(STRANGERS.0, ip)
    }
}

impl Standing {
    /// When it makes sense to come back.
    pub const fn wait(self) -> RetryAfter {
        RetryAfter::from_seconds(self.reset_seconds)
    }

    /// `RateLimit` and `RateLimit-Policy`, and `Retry-After` where nothing remains
    /// (draft-ietf-httpapi-ratelimit-headers).
    pub fn headers(self) -> Vec<(HeaderName, HeaderValue)> {
        let (name, limit) = (self.kind.name(), self.kind.limit());
        let texts = [
            ("ratelimit-policy", format!("\"{name}\";q={limit};w={}", WINDOW.as_secs())),
            ("ratelimit", format!("\"{name}\";r={};t={}", self.remaining, self.reset_seconds)),
        ];
        let mut headers: Vec<_> = texts
            .into_iter()
            .filter_map(|(name, text)| Some((HeaderName::from_static(name), HeaderValue::try_from(text).ok()?)))
            .collect();
        if self.remaining == 0 {
            headers.push((RETRY_AFTER, HeaderValue::from(self.reset_seconds)));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_kernel::Entropy;

    #[test]
    fn k16_a_key_that_asks_too_often_is_told_when_to_come_back() {
        let clock = Clock::manual(Timestamp::from_seconds(1_000));
        let rates = Rates::new(&clock);
        let key = ApiKeyId::new(&clock, &Entropy::seeded(1));
        for n in 1..=Kind::Write.limit() {
            assert_eq!(rates.count(key, Kind::Write).unwrap().remaining, Kind::Write.limit() - n);
        }
        clock.advance(Duration::from_millis(20_500));
        let over = rates.count(key, Kind::Write).unwrap_err();
        assert_eq!(over.wait().seconds(), 40);
        let headers = over.headers();
        assert_eq!(headers[0].1, "\"writes\";q=1200;w=60");
        assert_eq!(headers[1].1, "\"writes\";r=0;t=40");
        assert_eq!(headers[2], (RETRY_AFTER, HeaderValue::from_static("40")));
        assert!(rates.count(key, Kind::Read).is_ok(), "reads are counted by themselves");
        assert!(rates.count(ApiKeyId::new(&clock, &Entropy::seeded(2)), Kind::Write).is_ok(), "and so are keys");
        clock.advance(Duration::from_secs(40));
        assert!(rates.count(key, Kind::Write).is_ok(), "a new minute");
    }
}

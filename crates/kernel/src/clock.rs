//! Time as a value: a [`Timestamp`] in Unix milliseconds and a [`Clock`] that tests can move.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

/// A moment in Unix milliseconds, UTC. Stored as `BIGINT`, shown as RFC 3339.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment `millis` Unix milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// The moment `seconds` Unix seconds, as JWT claims carry it.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Unix milliseconds, as columns hold it.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Unix seconds, rounded down, as JWT claims carry it.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-11-21T08:00:00.000Z`.
    pub fn rfc3339(self) -> String {
        jiff::Timestamp::from_millisecond(self.0).map_or_else(|_| self.0.to_string(), |t| format!("{t:.3}"))
    }
}

/// RFC 3339, in any offset.
impl FromStr for Timestamp {
    type Err = NotAMoment;
    fn from_str(text: &str) -> Result<Self, NotAMoment> {
        let moment: jiff::Timestamp = text.parse().map_err(|_| NotAMoment)?;
        Ok(Self(moment.as_millisecond()))
    }
}

/// Text that is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a moment as 2026-11-21T08:00:00Z")]
pub struct NotAMoment;

impl Add<Duration> for Timestamp {
    type Output = Self;
    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;
    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.rfc3339())
    }
}

/// Where the time comes from: the system, or a hand that a test moves.
#[derive(Clone, Debug)]
pub enum Clock {
    /// The machine's wall clock.
    System,
    /// A clock that stands still until [`Clock::advance`] moves it; clones share the hand.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock standing at `start`.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(start.millis())))
    }

    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that may read the wall clock")]
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => {
                let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
            }
            Self::Manual(hand) => Timestamp(hand.load(Ordering::SeqCst)),
        }
    }

    /// Moves a manual clock forward. The system clock does not move by hand: there it does nothing.
    pub fn advance(&self, by: Duration) {
        if let Self::Manual(hand) = self {
            hand.fetch_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manual_clock_moves_for_all_its_clones() {
        let clock = Clock::manual(Timestamp::from_seconds(1_000));
        let other = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(other.now(), Timestamp::from_seconds(1_005));
    }

    #[test]
    fn times_are_shown_as_rfc_3339_in_utc() {
        assert_eq!(Timestamp::from_millis(1_795_248_000_123).rfc3339(), "2026-11-21T08:00:00.123Z");
    }

    #[test]
    fn a_moment_in_the_future_is_no_time_ago() {
        let now = Timestamp::from_seconds(10);
        assert_eq!(now.since(Timestamp::from_seconds(20)), Duration::ZERO);
    }
}

//! Burst limits per network, in memory. Counters that protect codes are durable and live elsewhere.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use polder_kernel::Clock;

/// Keys held per rule before older ones are dropped and, should that not help, networks are lumped
/// together: a stranger with many addresses must not fill the memory.
const KEYS_MAX: usize = 20_000;
/// How often old keys are dropped at most, in nanoseconds: ten seconds.
const SWEEP_EVERY_NANOS: u64 = 10_000_000_000;

/// How much one network may ask of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// How many at once. Ordinary limits let 100 pass.
    pub burst: u32,
    /// How many a minute, once the burst is spent.
    pub per_minute: u32,
}

/// When to come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many requests, come back in {0} s")]
pub struct RetryAfter(u64);

impl RetryAfter {
    /// Come back in so many seconds.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// In how many seconds, at least one, for the `Retry-After` header.
    pub const fn seconds(self) -> u64 {
        self.0
    }
}

/// The limits of a process, by the name of what they protect.
#[derive(Debug)]
pub struct Limits {
    rules: HashMap<&'static str, Counters>,
    clock: GovernorClock,
}

/// The counters of one rule.
#[derive(Debug)]
struct Counters {
    limiter: Limiter,
    /// When old counters were last dropped: it takes a while, and must not happen for each request of a flood.
    swept_at: AtomicU64,
}

type Limiter = RateLimiter<Key, DefaultKeyedStateStore<Key>, GovernorClock, NoOpMiddleware<Moment>>;

/// A network: an IPv4 address, or the first half of an IPv6 one, which is what one household gets.
/// The top byte says how wide the network is, so that wide and narrow ones never share a counter.
type Key = u128;

impl Limits {
    /// Limits named in `rules`, by this clock.
    pub fn new(clock: &Clock, rules: &[(&'static str, Rule)]) -> Self {
        let clock = GovernorClock(clock.clone());
        let counters = |rule: Rule| Counters {
            limiter: RateLimiter::new(rule.quota(), DefaultKeyedStateStore::default(), clock.clone()),
            swept_at: AtomicU64::new(0),
        };
        let rules = rules.iter().map(|&(name, rule)| (name, counters(rule))).collect();
        Self { rules, clock }
    }

    /// Counts one request from `ip` against the rule `name`. Without an address, and for a name
    /// that has no rule, nothing is limited.
    ///
    /// # Errors
    /// [`RetryAfter`] when the network has had its share.
    pub fn check(&self, name: &str, ip: impl Into<Option<IpAddr>>) -> Result<(), RetryAfter> {
        let (Some(counters), Some(ip)) = (self.rules.get(name), ip.into()) else { return Ok(()) };
        let key = if counters.have_room(self.clock.now()) { network(ip) } else { wide_network(ip) };
        counters.limiter.check_key(&key).map_err(|refusal| {
            let wait = refusal.wait_time_from(self.clock.now());
            RetryAfter(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).at_least_one()
        })
    }
}

impl RetryAfter {
    fn at_least_one(self) -> Self {
        Self(self.0.max(1))
    }
}

impl Rule {
    fn quota(self) -> Quota {
        let per_minute = NonZeroU32::new(self.per_minute).unwrap_or(NonZeroU32::MIN);
        let burst = NonZeroU32::new(self.burst).unwrap_or(NonZeroU32::MIN);
        Quota::per_minute(per_minute).allow_burst(burst)
    }
}

impl Counters {
    /// Whether a new key fits, perhaps after dropping those whose counters have run full again.
    fn have_room(&self, now: Moment) -> bool {
        if self.limiter.len() < KEYS_MAX {
            return true;
        }
        let swept_at = self.swept_at.load(Ordering::Relaxed);
        if now.0.saturating_sub(swept_at) < SWEEP_EVERY_NANOS
            || self.swept_at.compare_exchange(swept_at, now.0, Ordering::Relaxed, Ordering::Relaxed).is_err()
        {
            return false;
        }
        self.limiter.retain_recent();
        self.limiter.len() < KEYS_MAX
    }
}

fn network(ip: IpAddr) -> Key {
    match ip.to_canonical() {
        IpAddr::V4(v4) => (1 << 120) | Key::from(v4.to_bits()),
        IpAddr::V6(v6) => (2 << 120) | (v6.to_bits() >> 64),
    }
}

/// A /16 or a /32: at most some hundred thousand counters in all, were they all to come.
fn wide_network(ip: IpAddr) -> Key {
    match ip.to_canonical() {
        IpAddr::V4(v4) => (3 << 120) | Key::from(v4.to_bits() >> 16),
        IpAddr::V6(v6) => (4 << 120) | (v6.to_bits() >> 112),
    }
}

/// governor's view of our clock.
#[derive(Clone, Debug)]
struct GovernorClock(Clock);

/// A moment in Unix nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(u64);

impl governor::clock::Clock for GovernorClock {
    type Instant = Moment;
    fn now(&self) -> Moment {
        Moment(u64::try_from(self.0.now().millis()).unwrap_or(0).saturating_mul(1_000_000))
    }
}

impl std::ops::Add<Nanos> for Moment {
    type Output = Self;
    fn add(self, other: Nanos) -> Self {
        Self(self.0.saturating_add(other.as_u64()))
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        Nanos::from(Duration::from_nanos(self.0.saturating_sub(earlier.0)))
    }
    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.checked_sub(duration.as_u64()).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_kernel::Timestamp;

    const RULE: Rule = Rule { burst: 100, per_minute: 60 };

    fn limits() -> (Limits, Clock) {
        let clock = Clock::manual(Timestamp::from_seconds(1_000_000));
        (Limits::new(&clock, &[("sign_in", RULE), ("token", RULE)]), clock)
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn d21_a_burst_of_100_passes_and_the_next_is_told_when_to_come_back() {
        let (limits, clock) = limits();
        for n in 0..100 {
            assert_eq!(limits.check("sign_in", ip("192.0.2.1")), Ok(()), "{n}");
        }
        assert_eq!(limits.check("sign_in", ip("192.0.2.1")), Err(RetryAfter(1)));
        assert_eq!(limits.check("sign_in", ip("192.0.2.2")), Ok(()), "another network");
        assert_eq!(limits.check("token", ip("192.0.2.1")), Ok(()), "another thing");
        clock.advance(Duration::from_secs(1));
        assert_eq!(limits.check("sign_in", ip("192.0.2.1")), Ok(()));
        assert_eq!(limits.check("sign_in", ip("192.0.2.1")), Err(RetryAfter(1)));
    }

    #[test]
    fn a_household_is_one_network_however_many_addresses_it_has() {
        let (limits, _) = limits();
        for n in 0..100 {
            assert_eq!(limits.check("sign_in", ip(&format!("2001:db8::{n:x}"))), Ok(()));
        }
        assert!(limits.check("sign_in", ip("2001:db8::ffff")).is_err());
        assert_eq!(limits.check("sign_in", ip("2001:db8:0:1::1")), Ok(()));
    }

    #[test]
    fn a_flood_of_networks_does_not_fill_the_memory() {
        let (limits, clock) = limits();
        let kept = |limits: &Limits| limits.rules["sign_in"].limiter.len();
        for n in 0..60_000_u32 {
            let _ = limits.check("sign_in", IpAddr::V4((0x0a00_0000 + n).into()));
        }
        assert!((KEYS_MAX..=KEYS_MAX + 10).contains(&kept(&limits)), "{}", kept(&limits));
        assert!(limits.check("sign_in", ip("10.0.200.1")).is_err(), "their lump has had its share");
        clock.advance(Duration::from_secs(600));
        assert_eq!(limits.check("sign_in", ip("192.0.2.1")), Ok(()));
        assert!(kept(&limits) <= 10, "{}", kept(&limits));
    }

    #[test]
    fn without_an_address_nothing_is_limited() {
        let (limits, _) = limits();
        for _ in 0..1000 {
            assert_eq!(limits.check("sign_in", None), Ok(()));
        }
    }
}

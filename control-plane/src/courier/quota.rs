//! How much one tenant may send. In memory: a restart forgives.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use polder_kernel::{Clock, Timestamp};

use crate::model::TenantId;

/// How much one tenant may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// At once, after a time of silence.
    pub burst: u32,
    /// In the long run.
    pub per_hour: u32,
}

/// What each tenant has left.
pub struct Quotas {
    quota: Quota,
    clock: Clock,
    left: Mutex<HashMap<TenantId, Left>>,
}

#[derive(Clone, Copy)]
struct Left {
    messages: f64,
    at: Timestamp,
}

impl Quotas {
    /// Everybody has all of it.
    pub fn new(quota: Quota, clock: Clock) -> Self {
        Self { quota, clock, left: Mutex::default() }
    }

    /// Takes one message from a tenant's quota.
    ///
    /// # Errors
    /// How long until there is one to take.
    pub fn take(&self, tenant: TenantId) -> Result<(), Duration> {
        self.change(tenant, |messages| if messages < 1.0 { Err(1.0 - messages) } else { Ok(messages - 1.0) })
            .map_err(|missing| Duration::from_secs_f64(missing / self.per_second()))
    }

    /// Gives one back: it was not sent, and will be tried again.
    pub fn give_back(&self, tenant: TenantId) {
        // This change is never refused.
        let _ = self.change(tenant, |messages| Ok(messages + 1.0));
    }

    fn change(&self, tenant: TenantId, change: impl Fn(f64) -> Result<f64, f64>) -> Result<(), f64> {
        let (now, most) = (self.clock.now(), f64::from(self.quota.burst));
        let mut all = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let left = all.entry(tenant).or_insert(Left { messages: most, at: now });
        let grown = now.since(left.at).as_secs_f64() * self.per_second();
        (left.messages, left.at) = ((left.messages + grown).min(most), now);
        left.messages = change(left.messages)?.min(most);
        Ok(())
    }

    fn per_second(&self) -> f64 {
        f64::from(self.quota.per_hour.max(1)) / 3600.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_kernel::Entropy;

    #[test]
    fn g27_a_tenant_has_its_burst_and_then_its_share_of_the_hour() {
        let clock = Clock::manual(Timestamp::from_seconds(1_000_000));
        let quotas = Quotas::new(Quota { burst: 10, per_hour: 60 }, clock.clone());
        let [a, b] = [(); 2].map(|()| TenantId::new(&clock, &Entropy::System));
        for _ in 0..10 {
            assert_eq!(quotas.take(a), Ok(()));
        }
        assert_eq!(quotas.take(a), Err(Duration::from_secs(60)), "one a minute from here");
        assert_eq!(quotas.take(b), Ok(()), "another tenant has its own");
        clock.advance(Duration::from_secs(30));
        assert_eq!(quotas.take(a), Err(Duration::from_secs(30)));
        clock.advance(Duration::from_secs(31));
        assert_eq!(quotas.take(a), Ok(()));
        assert!(quotas.take(a).is_err());
        quotas.give_back(a);
        assert_eq!(quotas.take(a), Ok(()), "what was not sent does not count");
        clock.advance(Duration::from_secs(360_000));
        let sent = (0..100).filter(|_| quotas.take(a).is_ok()).count();
        assert_eq!(sent, 10, "silence saves up a burst, not more");
    }
}

//! When the issuer may be asked again after it did not answer.

use std::time::Duration;

use polder_kernel::Timestamp;

/// Pauses between attempts: one second, two, four … one minute.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    not_before: Option<Timestamp>,
}

impl Backoff {
    /// Whether one may try now.
    pub(crate) fn allows(&self, now: Timestamp) -> bool {
        self.not_before.is_none_or(|at| at <= now)
    }

    /// Notes that it went well.
    pub(crate) fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Notes a failure.
    pub(crate) fn failed(&mut self, now: Timestamp) {
        self.not_before = Some(now + Duration::from_secs((1_u64 << self.failures.min(6)).min(60)));
        self.failures = self.failures.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_end_with_success() {
        let (mut backoff, at) = (Backoff::default(), Timestamp::from_seconds);
        assert!(backoff.allows(at(0)));
        backoff.failed(at(0));
        assert!(!backoff.allows(at(0)) && backoff.allows(at(1)));
        for _ in 0..20 {
            backoff.failed(at(100));
        }
        assert!(!backoff.allows(at(159)) && backoff.allows(at(160)));
        backoff.succeeded();
        assert!(backoff.allows(at(0)));
    }
}

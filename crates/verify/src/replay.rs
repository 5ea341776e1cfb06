//! Proofs that were seen, for as long as they could be used again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use polder_kernel::Timestamp;

/// The most that are remembered: enough for thousands a second. Where there are more, further ones are refused.
const MOST: usize = 200_000;

/// Hashes of what was seen, with when that is of no more use. In memory: an API of several processes sends the
/// requests of one client to one of them, or accepts that a proof works once at each.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    until: Mutex<HashMap<[u8; 32], Timestamp>>,
}

impl Seen {
    /// Notes it. `false` when it was seen before, or there is no room to note it.
    pub(crate) fn is_new(&self, hash: [u8; 32], until: Timestamp, now: Timestamp) -> bool {
        let mut seen = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.get(&hash).is_some_and(|until| now < *until) {
            return false;
        }
        if seen.len() >= MOST {
            seen.retain(|_, until| now < *until);
        }
        seen.len() < MOST && seen.insert(hash, until).is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_is_not_new_until_it_is_of_no_use() {
        let (seen, at) = (Seen::default(), Timestamp::from_seconds);
        assert!(seen.is_new([1; 32], at(10), at(0)));
        assert!(!seen.is_new([1; 32], at(10), at(9)) && seen.is_new([2; 32], at(10), at(9)));
        assert!(seen.is_new([1; 32], at(20), at(10)));
    }
}

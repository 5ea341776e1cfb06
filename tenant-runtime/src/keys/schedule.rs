//! When a signing key is made, signs, stops signing and goes: one pure function over what is stored.

use std::time::Duration;

use polder_crypto::Algorithm;
use polder_kernel::Timestamp;

use crate::oidc::documents::CACHE_LIFETIME;
use crate::store::signing_keys::StoredKey;

/// The times of a rotation.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// How long a key signs.
    pub period: Duration,
    /// How long before its first use a scheduled key is published: verifiers that keep the JWKS for longer
    /// than they are told learn it too.
    pub ahead: Duration,
    /// The same for a rotation that somebody asked for. At least the JWKS's cache lifetime.
    pub at_least_ahead: Duration,
    /// How long a key that signs no more stays published: the longest life of a token, and some.
    pub keep: Duration,
    /// How long data keys seal before a newer version takes over.
    pub data_period: Duration,
}

const DAY: Duration = Duration::from_secs(24 * 3600);
/// Clocks of verifiers may be behind.
const MARGIN: Duration = Duration::from_secs(300);

impl Schedule {
    /// The usual times, for tokens that live `longest_token` at most.
    pub const fn usual(longest_token: Duration) -> Self {
        Self {
            period: Duration::from_secs(90 * DAY.as_secs()),
            ahead: DAY,
            at_least_ahead: Duration::from_secs(2 * CACHE_LIFETIME.as_secs()),
            keep: longest_token.saturating_add(MARGIN),
            data_period: Duration::from_secs(365 * DAY.as_secs()),
        }
    }
}

/// One step of a rotation. Each is one transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Makes a key and publishes it; it signs from then on.
    Publish(Algorithm, Timestamp),
    /// A newer key signs in its place.
    Retire(String),
    /// Its last token has expired.
    Remove(String),
}

/// The key of `algorithm` that signs at `now`: the newest whose time has come. Should none's have come
/// although there is one, since a clock was set back, the first to come: there is always a signer.
pub fn signer(keys: &[StoredKey], algorithm: Algorithm, now: Timestamp) -> Option<&StoredKey> {
    let of = || keys.iter().filter(|key| key.algorithm == algorithm && signs(key));
    let order = |key: &&StoredKey| (key.active_from, key.created_at, key.kid.clone());
    of().filter(|key| key.active_from <= now).max_by_key(order).or_else(|| of().min_by_key(order))
}

/// The key of `algorithm` that is published and waits for its time.
pub fn waiting(keys: &[StoredKey], algorithm: Algorithm, now: Timestamp) -> Option<&StoredKey> {
    let signer = signer(keys, algorithm, now)?;
    keys.iter().find(|key| key.algorithm == algorithm && signs(key) && key.active_from > now && key.kid != signer.kid)
}

fn signs(key: &StoredKey) -> bool {
    key.retired_at.is_none() && key.removed_at.is_none()
}

/// What is due at `now`, if anything is.
pub fn next(keys: &[StoredKey], now: Timestamp, schedule: &Schedule) -> Option<Step> {
    let due_removal = keys.iter().find(|key| {
        key.removed_at.is_none() && key.retired_at.is_some_and(|retired| now.since(retired) >= schedule.keep)
    });
    if let Some(key) = due_removal {
        return Some(Step::Remove(key.kid.clone()));
    }
    Algorithm::ALL.into_iter().find_map(|algorithm| next_of(keys, algorithm, now, schedule))
}

fn next_of(keys: &[StoredKey], algorithm: Algorithm, now: Timestamp, schedule: &Schedule) -> Option<Step> {
    let Some(signer) = signer(keys, algorithm, now) else { return Some(Step::Publish(algorithm, now)) };
    let replaced = keys
        .iter()
        .find(|key| key.algorithm == algorithm && signs(key) && key.kid != signer.kid && key.active_from <= now);
    if let Some(key) = replaced {
        return Some(Step::Retire(key.kid.clone()));
    }
    let ends = signer.active_from + schedule.period;
    if waiting(keys, algorithm, now).is_none() && now + schedule.ahead >= ends {
        return Some(Step::Publish(algorithm, ends.max(now + schedule.ahead)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use polder_crypto::SigningKey;
    use polder_kernel::Entropy;

    const START: Timestamp = Timestamp::from_seconds(1_795_248_000);

    fn schedule() -> Schedule {
        Schedule::usual(Duration::from_secs(900))
    }

    fn key(algorithm: Algorithm, created_at: Timestamp, active_from: Timestamp) -> StoredKey {
        let (key, _) = SigningKey::generate(Algorithm::EdDsa, &Entropy::System).unwrap();
        StoredKey {
            kid: key.kid().to_owned(),
            algorithm,
            public_jwk: key.public_jwk().clone(),
            private_sealed: String::new(),
            created_at,
            active_from,
            retired_at: None,
            removed_at: None,
        }
    }

    fn named<'a>(keys: &'a mut [StoredKey], kid: &str) -> &'a mut StoredKey {
        keys.iter_mut().find(|key| key.kid == kid).unwrap()
    }

    /// Does what is due, as the tenant would.
    fn settle(keys: &mut Vec<StoredKey>, now: Timestamp) -> usize {
        for steps in 0.. {
            let Some(step) = next(keys, now, &schedule()) else { return steps };
            assert!(steps < 20, "it comes to rest: {step:?}");
            match step {
                Step::Publish(algorithm, active_from) => keys.push(key(algorithm, now, active_from)),
                Step::Retire(kid) => named(keys, &kid).retired_at = Some(now),
                Step::Remove(kid) => named(keys, &kid).removed_at = Some(now),
            }
        }
        unreachable!()
    }

    #[test]
    fn a06_over_two_years_there_is_always_one_signer_published_in_time() {
        let (mut keys, mut now) = (Vec::new(), START);
        settle(&mut keys, now);
        assert_eq!(keys.len(), 3, "one of each algorithm at once");
        let mut made = 0;
        for step in 0_u64..2 * 365 * 24 * 4 {
            now = START + Duration::from_secs(step * 900);
            made += settle(&mut keys, now);
            for algorithm in Algorithm::ALL {
                let signer = signer(&keys, algorithm, now).unwrap();
                assert!(signer.active_from <= now);
                let first = signer.created_at == START;
                assert!(first || signer.active_from.since(signer.created_at) >= CACHE_LIFETIME);
                let live = keys.iter().filter(|key| key.algorithm == algorithm && signs(key) && key.active_from <= now);
                assert_eq!(live.count(), 1, "one signs");
            }
        }
        assert!(made > 0);
        let kept = keys.iter().filter(|key| key.removed_at.is_none()).count();
        assert!(kept <= 6, "old ones go");
        for key in keys.iter().filter(|key| key.removed_at.is_some()) {
            assert!(key.removed_at.unwrap().since(key.retired_at.unwrap()) >= Duration::from_secs(900));
        }
        assert_eq!(keys.len(), 3 * 9, "every 90 days in two years");
    }

    #[test]
    fn a06_a_tenant_that_slept_through_its_rotation_still_publishes_before_it_signs() {
        let mut keys = Vec::new();
        settle(&mut keys, START);
        let late = START + Duration::from_secs(200 * 24 * 3600);
        assert_eq!(next(&keys, late, &schedule()), Some(Step::Publish(Algorithm::Es256, late + schedule().ahead)));
        settle(&mut keys, late);
        assert_eq!(signer(&keys, Algorithm::Es256, late).unwrap().created_at, START);
        let later = late + schedule().ahead;
        settle(&mut keys, later);
        assert_eq!(signer(&keys, Algorithm::Es256, later).unwrap().created_at, late);
    }

    #[test]
    fn a06_a_clock_that_was_set_back_leaves_a_signer() {
        let mut keys = vec![key(Algorithm::Es256, START, START), key(Algorithm::Es256, START, START)];
        keys[0].retired_at = Some(START);
        keys[1].active_from = START + DAY;
        assert_eq!(signer(&keys, Algorithm::Es256, START).unwrap().kid, keys[1].kid);
    }
}

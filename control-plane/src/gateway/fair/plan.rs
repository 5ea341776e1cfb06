//! Who may take how much: pure functions over what was measured.

use std::time::Duration;

/// The processors that are kept free while a tenant with little to ask is there: one, so that whoever comes next
/// finds it idle, and a half for what the clients themselves take on the same machine, or the database.
const KEPT_FREE: f64 = 1.5;

/// The part of a small machine's processors that tenants have all the same.
const LEAST_ROOM: f64 = 0.25;

/// What a request is taken to cost before it was measured.
const GUESS: Duration = Duration::from_micros(200);

/// How many requests the guess weighs.
const WEIGHT_OF_GUESS: f64 = 20.0;

/// How much of what was measured before counts at the next look.
const MEMORY: f64 = 0.9;

/// The most a request is taken to cost: what a tenant does besides (its first RSA key) is not its
/// requests' doing.
const DEAREST: Duration = Duration::from_millis(4);

/// What the requests of one tenant cost.
#[derive(Clone, Copy, Debug)]
pub struct Account {
    requests: f64,
    seconds: f64,
}

impl Default for Account {
    fn default() -> Self {
        Self { requests: WEIGHT_OF_GUESS, seconds: WEIGHT_OF_GUESS * GUESS.as_secs_f64() }
    }
}

impl Account {
    /// So many requests took so much processor time.
    pub fn add(&mut self, requests: u64, spent: Duration) {
        self.requests = self.requests * MEMORY + requests as f64;
        self.seconds = self.seconds * MEMORY + spent.as_secs_f64();
    }

    /// What one request costs in processor time.
    pub fn cost(&self) -> Duration {
        Duration::from_secs_f64(self.seconds / self.requests.max(f64::MIN_POSITIVE)).min(DEAREST)
    }
}

/// A tenant that was asked of late.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// What one request costs in processor time.
    pub cost: Duration,
    /// Requests per second that passed.
    pub rate: f64,
    /// Whether more would have: it wants more than it gets.
    pub waits: bool,
}

impl Asked {
    /// The processors it would take.
    fn wants(&self) -> f64 {
        if self.waits { f64::INFINITY } else { self.takes() }
    }

    fn takes(&self) -> f64 {
        self.cost.as_secs_f64() * self.rate
    }
}

/// How far apart the requests of each tenant pass, on a machine with so many processors; zero lets all
/// pass. What those with little to ask leave goes to the others, evenly (max-min fairness). Where everybody
/// asks for much there is nobody to keep a processor free for, and together they have them all.
pub fn spacings(asked: &[Asked], cores: f64) -> Vec<Duration> {
    if asked.len() < 2 {
        return vec![Duration::ZERO; asked.len()];
    }
    let gentle = most(asked, (cores - KEPT_FREE).max(cores * LEAST_ROOM));
    let most = if asked.iter().any(|one| one.wants() <= gentle) {
        // The more tenants there are, the less each can take from the others: then little is kept free.
        let tenants = asked.len() as f64;
        gentle.max(cores / tenants * (1.0 - KEPT_FREE / tenants))
    } else {
        most(asked, cores)
    };
    let spacing = |one: &Asked| {
        let per_second = most / one.cost.as_secs_f64().max(1e-6);
        Duration::from_secs_f64(1.0 / per_second.max(1.0))
    };
    asked.iter().map(spacing).collect()
}

/// The processors that each may take at most, so that all together take no more than `room`.
fn most(asked: &[Asked], room: f64) -> f64 {
    let mut wanted: Vec<f64> = asked.iter().map(Asked::wants).collect();
    wanted.sort_unstable_by(f64::total_cmp);
    let (mut left, mut others) = (room, wanted.len());
    for wants in wanted {
        let each = left / others as f64;
        if others == 1 || wants > each {
            return each;
        }
        left -= wants;
        others -= 1;
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(cost_micros: u64, rate: f64, waits: bool) -> Asked {
        Asked { cost: Duration::from_micros(cost_micros), rate, waits }
    }

    fn per_second(spacing: Duration) -> f64 {
        1.0 / spacing.as_secs_f64()
    }

    #[test]
    fn g27_one_that_is_asked_alone_has_the_machine() {
        assert_eq!(spacings(&[asked(50, 40_000.0, false)], 2.0), [Duration::ZERO]);
        assert!(spacings(&[], 2.0).is_empty());
    }

    #[test]
    fn g27_a_flood_gets_what_its_neighbour_leaves_of_the_room() {
        let spaced = spacings(&[asked(50, 10_000.0, true), asked(100, 100.0, false)], 2.0);
        // Half a processor of two, less a hundredth: at 50 µs each.
        assert!((per_second(spaced[0]) - 9_800.0).abs() < 1.0, "{spaced:?}");
        assert!(per_second(spaced[1]) > 4_500.0, "the neighbour is far from its own limit: {spaced:?}");
    }

    #[test]
    fn g27_two_floods_share_evenly_by_cost_and_not_by_number() {
        let spaced = spacings(&[asked(50, 1.0, true), asked(1000, 1.0, true)], 2.0);
        assert!((per_second(spaced[0]) - 20_000.0).abs() < 1.0 && (per_second(spaced[1]) - 1_000.0).abs() < 1.0);
    }

    #[test]
    fn g27_nobody_is_held_back_for_those_who_ask_for_much_themselves() {
        // A hundred that take a fiftieth each fill both processors, and one beside them changes little.
        let mut all = vec![asked(200, 100.0, false); 100];
        assert!(per_second(spacings(&all, 2.0)[0]) >= 99.0);
        all.push(asked(200, 1.0, false));
        assert!(per_second(spacings(&all, 2.0)[0]) > 95.0);
    }

    #[test]
    fn g27_a_large_machine_keeps_as_little_free_as_a_small_one() {
        let spaced = spacings(&[asked(100, 1.0, true), asked(100, 0.0, false)], 16.0);
        assert!((per_second(spaced[0]) - 145_000.0).abs() < 100.0, "{spaced:?}");
    }

    #[test]
    fn g27_a_flood_that_has_not_begun_is_paced_already() {
        let spaced = spacings(&[asked(50, 0.0, false), asked(50, 1000.0, false)], 2.0);
        assert!(per_second(spaced[0]) < 10_001.0, "all of the room and no more: {spaced:?}");
    }

    #[test]
    fn g27_a_request_costs_what_it_was_measured_to_cost_whatever_else_the_tenant_does() {
        let mut account = Account::default();
        assert_eq!(account.cost(), GUESS);
        for _ in 0..100 {
            account.add(100, Duration::from_millis(5));
        }
        assert!(account.cost() < Duration::from_micros(55), "{account:?}");
        account.add(1, Duration::from_secs(10));
        assert_eq!(account.cost(), DEAREST, "an RSA key is not a request");
    }
}

//! A pace that one tenant keeps: so much at once, and so much an hour in the long run.

use std::time::Duration;

use polder_kernel::Timestamp;

/// How much, of whatever is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// At once, after a time of silence.
    pub burst: u32,
    /// In the long run.
    pub per_hour: u32,
}

/// What is left of a pace.
#[derive(Clone, Copy, Debug)]
pub struct Left {
    pace: Pace,
    amount: f64,
    at: Timestamp,
}

impl Left {
    /// All of it.
    pub fn all(pace: Pace, now: Timestamp) -> Self {
        Self { pace, amount: f64::from(pace.burst), at: now }
    }

    /// Takes one.
    ///
    /// # Errors
    /// How long until there is one to take.
    pub fn take(&mut self, now: Timestamp) -> Result<(), Duration> {
        self.grow(now);
        if self.amount < 1.0 {
            return Err(Duration::from_secs_f64((1.0 - self.amount) / self.per_second()));
        }
        self.amount -= 1.0;
        Ok(())
    }

    /// Takes what was used already, also beyond what is left: it has to be made up for.
    pub fn charge(&mut self, amount: u32, now: Timestamp) {
        self.grow(now);
        self.amount -= f64::from(amount);
    }

    /// Gives one back that came to nothing.
    pub fn give_back(&mut self, now: Timestamp) {
        self.amount += 1.0;
        self.grow(now);
    }

    fn grow(&mut self, now: Timestamp) {
        let grown = now.since(self.at).as_secs_f64() * self.per_second();
        (self.amount, self.at) = ((self.amount + grown).min(f64::from(self.pace.burst)), now);
    }

    fn per_second(&self) -> f64 {
        f64::from(self.pace.per_hour.max(1)) / 3600.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g27_a_pace_is_a_burst_and_then_its_share_of_the_hour() {
        let begun = Timestamp::from_seconds(1_000_000);
        let at = |seconds| begun + Duration::from_secs(seconds);
        let mut left = Left::all(Pace { burst: 10, per_hour: 60 }, begun);
        assert_eq!((0..20).filter(|_| left.take(begun).is_ok()).count(), 10);
        assert_eq!(left.take(begun), Err(Duration::from_secs(60)), "one a minute from here");
        assert_eq!(left.take(at(30)), Err(Duration::from_secs(30)));
        assert_eq!(left.take(at(61)), Ok(()));
        assert!(left.take(at(61)).is_err());
        left.give_back(at(61));
        assert_eq!(left.take(at(61)), Ok(()), "what came to nothing does not count");
        assert_eq!(
            (0..20).filter(|_| left.take(at(360_000)).is_ok()).count(),
            10,
            "silence saves up a burst, not more"
        );
        left.charge(5, at(360_000));
        assert_eq!(left.take(at(360_000)), Err(Duration::from_secs(360)), "what was used must be made up for");
        assert!(left.take(at(359_000)).is_err(), "a clock that is set back gives nothing");
    }
}

//! What somebody can cause over and over, told seldom: the log is everybody's.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts, and says which of the counted is worth a line in the log: the first, and each that doubles
/// their number. The line says how many there were.
#[derive(Default)]
pub struct Told(AtomicU64);

impl Told {
    /// Counts one. `Some` with the number of all where it is to be told.
    pub fn count(&self) -> Option<u64> {
        let all = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        all.is_power_of_two().then_some(all)
    }

    /// How many were counted.
    pub fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn g27_a_million_strangers_are_twenty_lines() {
        let told = Told::default();
        assert_eq!((0..1_000_000).filter(|_| told.count().is_some()).count(), 20);
        assert_eq!(told.read(), 1_000_000);
    }
}

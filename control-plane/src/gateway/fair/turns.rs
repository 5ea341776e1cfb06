//! One tenant's turns: its requests pass at once, or so far apart as its share allows.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// What a tenant that asked for little may make up for at once.
const CREDIT: Duration = Duration::from_millis(50);

/// The longest wait for a turn. One that would take longer is refused at once.
const PATIENCE: Duration = Duration::from_millis(500);

/// Requests of one tenant that wait: more than a busy application has, and little memory.
const MOST_WAITING: usize = 512;

/// A tenant's turns. Those it gave out stay given, however they are spaced from then on.
pub struct Turns {
    began: Instant,
    /// Nanoseconds between two requests; zero where they pass at once.
    spacing: AtomicU64,
    /// When the next one's turn is, in nanoseconds since `began` (the generic cell rate algorithm).
    next: AtomicU64,
    taken: AtomicU64,
    waiting: AtomicUsize,
}

/// The tenant's own line is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

impl Default for Turns {
    fn default() -> Self {
        let zero = || AtomicU64::new(0);
        let waiting = AtomicUsize::new(0);
        Self { began: Instant::now(), spacing: zero(), next: zero(), taken: zero(), waiting }
    }
}

impl Turns {
    /// Waits for a turn.
    ///
    /// # Errors
    /// [`Full`], at once.
    pub async fn take(&self) -> Result<(), Full> {
        let wait = self.place(self.began.elapsed())?;
        if !wait.is_zero() {
            let _waiting = Waiting::new(&self.waiting)?;
            tokio::time::sleep(wait).await;
        }
        self.taken.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// How many turns were taken since this was asked last.
    pub fn taken_of_late(&self) -> u64 {
        self.taken.swap(0, Ordering::Relaxed)
    }

    /// Whether anybody waits.
    pub fn has_waiting(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    /// From now on this is the time between two turns; zero lets all pass.
    pub fn space(&self, spacing: Duration) {
        self.spacing.store(nanos(spacing), Ordering::Relaxed);
    }

    /// Takes the next place, and gives how long that takes from `now`.
    fn place(&self, now: Duration) -> Result<Duration, Full> {
        let spacing = self.spacing.load(Ordering::Relaxed);
        if spacing == 0 {
            return Ok(Duration::ZERO);
        }
        let (now, credit) = (nanos(now), nanos(CREDIT));
        let turn = |next: u64| next.max(now.saturating_sub(credit));
        let give = |next| (turn(next) <= now + nanos(PATIENCE)).then(|| turn(next) + spacing);
        let given = self.next.fetch_update(Ordering::Relaxed, Ordering::Relaxed, give).map_err(|_| Full)?;
        Ok(Duration::from_nanos(turn(given).saturating_sub(now)))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// One that waits, until it is dropped.
struct Waiting<'a>(&'a AtomicUsize);

impl<'a> Waiting<'a> {
    fn new(count: &'a AtomicUsize) -> Result<Self, Full> {
        let place = Self(count);
        if count.fetch_add(1, Ordering::Relaxed) >= MOST_WAITING { Err(Full) } else { Ok(place) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn g27_who_is_not_paced_passes_at_once() {
        let turns = Turns::default();
        assert!((0..10_000).all(|_| turns.place(MS) == Ok(Duration::ZERO)));
    }

    #[test]
    fn g27_a_flood_passes_at_its_pace_and_what_is_too_much_is_refused() {
        let turns = Turns::default();
        turns.space(MS);
        let now = MS * 10_000;
        let waits: Vec<_> = (0..1000).map(|_| turns.place(now)).collect();
        let at_once = waits.iter().filter(|wait| **wait == Ok(Duration::ZERO)).count();
        assert_eq!(at_once, 51, "its credit");
        assert_eq!(waits[60], Ok(MS * 10), "then one after the other");
        assert_eq!(waits.iter().filter(|wait| wait.is_err()).count(), 1000 - 551, "its line is full");
        assert_eq!(turns.place(now + MS * 600), Ok(Duration::ZERO), "and empties again");
    }

    #[test]
    fn g27_whoever_asks_for_less_than_its_share_never_waits() {
        let turns = Turns::default();
        turns.space(MS);
        assert!((0_u32..5000).all(|n| turns.place(MS * 2 * n) == Ok(Duration::ZERO)));
    }

    #[tokio::test]
    async fn g27_a_line_has_an_end() {
        let turns = Turns::default();
        turns.waiting.store(MOST_WAITING, Ordering::Relaxed);
        turns.space(Duration::from_millis(400));
        assert_eq!(turns.take().await, Ok(()));
        assert_eq!(turns.take().await, Err(Full));
        assert_eq!(turns.waiting.load(Ordering::Relaxed), MOST_WAITING, "who is refused waits no more");
    }
}

//! Slow hashes, off the threads that answer requests and few at a time: a flood of recovery codes waits
//! for itself, not for anybody's sign-in.

use polder_crypto::slow_hash::{TooLong, slow_hash};
use tokio::sync::Semaphore;

use crate::error::Internal;

/// How many are made at once: together they take 24 MiB.
const AT_ONCE: usize = 2;
/// How many may wait for their turn; whoever comes later is told to come back.
const WAITING: usize = 64;

/// The turns.
#[derive(Debug)]
pub struct Slow {
    turns: Semaphore,
    places: Semaphore,
}

impl Default for Slow {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE), places: Semaphore::new(AT_ONCE + WAITING) }
    }
}

impl Slow {
    /// The slow hashes of `texts`, one after the other.
    ///
    /// # Errors
    /// [`Internal::NotReady`] when too many wait already.
    pub async fn hashes(
        &self,
        pepper: [u8; 32],
        salt: [u8; 16],
        texts: Vec<String>,
    ) -> Result<Vec<[u8; 32]>, Internal> {
        let busy = Internal::NotReady("too many slow hashes wait");
        let Ok(_place) = self.places.try_acquire() else { return Err(busy) };
        let Ok(_turn) = self.turns.acquire().await else { return Err(busy) };
        let work = move || texts.iter().map(|text| slow_hash(&pepper, &salt, text)).collect::<Result<_, TooLong>>();
        let impossible = Internal::Impossible { table: "recovery_code", column: "hash" };
        tokio::task::spawn_blocking(work).await.ok().and_then(Result::ok).ok_or(impossible)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn d17_a_flood_is_turned_away_and_keeps_no_thread_busy() {
        let slow = Arc::new(Slow::default());
        let mut flood = tokio::task::JoinSet::new();
        for n in 0..200 {
            let slow = Arc::clone(&slow);
            flood.spawn(async move { slow.hashes([1; 32], [2; 16], vec![n.to_string()]).await.is_ok() });
        }
        // One thread runs this test: were a hash made on it, nothing else could happen meanwhile.
        let mut ticks = 0;
        let began = Instant::now();
        let mut done = Vec::new();
        loop {
            tokio::select! {
                next = flood.join_next() => match next {
                    Some(result) => done.push(result.unwrap()),
                    None => break,
                },
                () = tokio::time::sleep(Duration::from_millis(5)) => ticks += 1,
            }
        }
        let turned_away = done.iter().filter(|ok| !**ok).count();
        assert_eq!(done.len() - turned_away, AT_ONCE + WAITING);
        assert!(ticks >= 3, "{ticks} ticks in {:?}", began.elapsed());
    }
}

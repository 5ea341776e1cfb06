//! Turns: of the writes to one resource that name its state, one at a time.
//!
//! Everybody waits in the line of their own organisation for their own resource, so that nobody keeps another
//! customer waiting. A line is there while somebody stands in it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use crate::model::OrganisationId;

/// Whose, and the path.
type Place = (OrganisationId, String);

/// All lines.
pub struct Turns {
    lines: Mutex<HashMap<Place, Arc<tokio::sync::Mutex<()>>>>,
    longest: Duration,
}

/// Somebody in a line, or whose turn it is.
pub struct Turn<'a> {
    turns: &'a Turns,
    place: Place,
    held: Option<OwnedMutexGuard<()>>,
}

/// The turn did not come in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other writes to the same resource take too long")]
pub struct TooLong;

impl Turns {
    /// No lines; in one nobody waits longer than this.
    pub fn new(longest: Duration) -> Self {
        Self { lines: Mutex::default(), longest }
    }

    /// Waits for the turn, which is over when what comes back is dropped.
    ///
    /// # Errors
    /// [`TooLong`].
    pub async fn take(&self, organisation: OrganisationId, path: &str) -> Result<Turn<'_>, TooLong> {
        let place = (organisation, path.to_owned());
        let line =
            Arc::clone(self.lines.lock().unwrap_or_else(PoisonError::into_inner).entry(place.clone()).or_default());
        let mut turn = Turn { turns: self, place, held: None };
        turn.held = Some(tokio::time::timeout(self.longest, line.lock_owned()).await.map_err(|_| TooLong)?);
        Ok(turn)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        drop(self.held.take());
        let mut lines = self.turns.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.get(&self.place).is_some_and(|line| Arc::strong_count(line) == 1) {
            lines.remove(&self.place);
        }
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;

    #[tokio::test]
    async fn k16_who_waits_too_long_is_told_and_lines_go_with_the_last_who_stands_in_them() {
        let turns = Turns::new(Duration::from_millis(20));
        let ours = OrganisationId::new(&Clock::System, &Entropy::System);
        let theirs = OrganisationId::new(&Clock::System, &Entropy::System);
        let first = turns.take(ours, "/a").await.unwrap();
        assert_eq!(turns.take(ours, "/a").await.err(), Some(TooLong));
        let elsewhere = (turns.take(ours, "/b").await.unwrap(), turns.take(theirs, "/a").await.unwrap());
        assert_eq!(turns.lines.lock().unwrap().len(), 3);
        drop(elsewhere);
        drop(first);
        drop(turns.take(ours, "/a").await.unwrap());
        assert!(turns.lines.lock().unwrap().is_empty());
    }
}

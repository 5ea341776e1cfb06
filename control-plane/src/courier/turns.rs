//! Fair turns: whoever wants to send waits in the line of its tenant, and the lines are served in
//! rotation (G27). What one tenant has waiting makes nobody else wait longer.
//!
//! Nothing is queued here but requests whose answer is still due: a line that is full, or moves too
//! slowly, is said so, and the tenant's own outbox keeps the message.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use super::Party;

/// How many may send, and wait.
#[derive(Clone, Copy, Debug)]
pub struct Share {
    /// Sending at a time, of all tenants.
    pub lanes: usize,
    /// Sending at a time, of one tenant: one with slow receivers cannot take every lane.
    pub per_tenant: usize,
    /// Waiting, of one tenant.
    pub waiting: usize,
    /// How long a request waits for its turn.
    pub patience: Duration,
}

/// The line is full, or does not move.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many messages of this tenant are waiting")]
pub struct Full;

/// All lines. Clones share them.
#[derive(Clone)]
pub struct Turns(Arc<Inner>);

struct Inner {
    share: Share,
    lines: Mutex<Lines>,
}

struct Lines {
    free: usize,
    /// Tenants with somebody waiting, the next one first; each once.
    rotation: VecDeque<Party>,
    /// Tenants with somebody waiting or sending.
    of: HashMap<Party, Line>,
}

#[derive(Default)]
struct Line {
    sending: usize,
    waiting: VecDeque<oneshot::Sender<Turn>>,
}

/// A turn to send, until it is dropped.
pub struct Turn {
    party: Party,
    turns: Turns,
}

impl Turns {
    /// Empty lines.
    pub fn new(share: Share) -> Self {
        let lines = Lines { free: share.lanes, rotation: VecDeque::new(), of: HashMap::new() };
        Self(Arc::new(Inner { share, lines: Mutex::new(lines) }))
    }

    /// Waits for a tenant's turn.
    ///
    /// # Errors
    /// [`Full`], at once or after [`Share::patience`].
    pub async fn take(&self, party: Party) -> Result<Turn, Full> {
        let turn = self.join(party)?;
        self.serve();
        // Who stops waiting here drops the turn with its receiver, should it just have been given.
        tokio::time::timeout(self.0.share.patience, turn).await.map_err(|_| Full)?.map_err(|_| Full)
    }

    fn join(&self, party: Party) -> Result<oneshot::Receiver<Turn>, Full> {
        let mut lines = self.lock();
        let line = lines.of.entry(party).or_default();
        line.waiting.retain(|waiting| !waiting.is_closed());
        if line.waiting.len() >= self.0.share.waiting {
            return Err(Full);
        }
        let (give, turn) = oneshot::channel();
        line.waiting.push_back(give);
        if !lines.rotation.contains(&party) {
            lines.rotation.push_back(party);
        }
        Ok(turn)
    }

    /// Gives out turns as long as there are lanes.
    fn serve(&self) {
        loop {
            let Some((give, party)) = self.next() else { return };
            // Who left meanwhile gives the turn back by dropping it, without the lock.
            drop(give.send(Turn { party, turns: self.clone() }));
        }
    }

    /// The next in rotation, counted as sending.
    fn next(&self) -> Option<(oneshot::Sender<Turn>, Party)> {
        let most = self.0.share.per_tenant;
        let mut lines = self.lock();
        let Lines { free, rotation, of } = &mut *lines;
        if *free == 0 {
            return None;
        }
        for _ in 0..rotation.len() {
            let party = rotation.pop_front()?;
            let Some(line) = of.get_mut(&party) else { continue };
            line.waiting.retain(|waiting| !waiting.is_closed());
            let next = if line.sending < most { line.waiting.pop_front() } else { None };
            if !line.waiting.is_empty() {
                rotation.push_back(party);
            }
            if let Some(give) = next {
                line.sending += 1;
                *free -= 1;
                return Some((give, party));
            }
            if line.sending == 0 && line.waiting.is_empty() {
                of.remove(&party);
            }
        }
        None
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.0.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut lines = self.turns.lock();
        lines.free += 1;
        if let Some(line) = lines.of.get_mut(&self.party) {
            line.sending = line.sending.saturating_sub(1);
            if line.sending == 0 && line.waiting.is_empty() {
                lines.of.remove(&self.party);
            }
        }
        drop(lines);
        self.turns.serve();
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::{Clock, Entropy};

    use super::*;
    use crate::model::TenantId;

    fn tenants<const N: usize>() -> [Party; N] {
        [(); N].map(|()| Party::Tenant(TenantId::new(&Clock::System, &Entropy::System)))
    }

    fn turns((lanes, per_tenant): (usize, usize), waiting: usize) -> Turns {
        Turns::new(Share { lanes, per_tenant, waiting, patience: Duration::from_millis(400) })
    }

    /// Lets everything that can go on go on.
    async fn settle() {
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn g27_lines_are_served_in_rotation() {
        let turns = turns((1, 1), 100);
        let [a, b, c] = tenants();
        let first = turns.take(a).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        for (tenant, name) in [(a, 'a'), (a, 'a'), (a, 'a'), (b, 'b'), (b, 'b'), (c, 'c')] {
            let (turns, order) = (turns.clone(), Arc::clone(&order));
            tokio::spawn(async move {
                let turn = turns.take(tenant).await.unwrap();
                order.lock().unwrap().push(name);
                drop(turn);
            });
            settle().await;
        }
        assert!(order.lock().unwrap().is_empty());
        drop(first);
        settle().await;
        assert_eq!(order.lock().unwrap().iter().collect::<String>(), "abcaba");
        assert!(turns.lock().of.is_empty() && turns.lock().rotation.is_empty(), "nothing is kept");
    }

    #[tokio::test]
    async fn g27_a_tenant_whose_turns_take_long_leaves_lanes_to_others() {
        let turns = turns((3, 2), 100);
        let [a, b] = tenants();
        let held = [turns.take(a).await.unwrap(), turns.take(a).await.unwrap()];
        let third = tokio::spawn({
            let turns = turns.clone();
            async move { turns.take(a).await }
        });
        settle().await;
        assert!(!third.is_finished());
        drop(turns.take(b).await.unwrap());
        assert!(!third.is_finished(), "a lane that another tenant left is not the third of this one");
        drop(held);
        assert!(third.await.unwrap().is_ok());
    }

    #[tokio::test]
    async fn g27_a_full_line_says_so_and_one_that_left_it_makes_place() {
        let turns = turns((1, 1), 2);
        let [a, b] = tenants();
        let held = turns.take(a).await.unwrap();
        let mut waiting: Vec<_> = (0..2)
            .map(|_| {
                let turns = turns.clone();
                tokio::spawn(async move { turns.take(a).await.map(drop) })
            })
            .collect();
        settle().await;
        assert_eq!(turns.take(a).await.err(), Some(Full));
        waiting.pop().unwrap().abort();
        settle().await;
        assert_eq!(turns.take(a).await.err(), Some(Full), "nobody gives a turn");
        assert_eq!(waiting.pop().unwrap().await.unwrap(), Err(Full));
        drop(held);
        assert!(turns.take(b).await.is_ok() && turns.take(a).await.is_ok(), "those who left hold nothing");
    }
}

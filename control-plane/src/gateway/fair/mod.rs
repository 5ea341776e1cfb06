//! Fair shares: while several tenants are asked, none takes the machine from the others (G27).
//!
//! ```text
//! every 25 ms ─> who was asked of late? ── one alone ─> nobody is paced
//!                  │ several
//!                  └─> what one request of each costs ─> who may take how much ─> how far apart its requests pass
//! request ─> its tenant's turn: at once · after a short wait · 503 + Retry-After, where its own line is full
//! ```
//!
//! What a request costs is measured, in processor time of the tenant and of this program: a flood of
//! cheap requests and a few dear ones weigh what they weigh. While one of the tenants asks for little, the
//! others together may take a part of the processors; the rest stays free, so that it finds one idle. A
//! tenant that asks for less than its share is never held up, and one that is asked alone is not either.

pub mod plan;
pub mod turns;
mod usage;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Route;
use crate::app::App;
use crate::model::TenantId;
use plan::{Account, Asked};

/// Between two looks while requests come.
const LOOK: Duration = Duration::from_millis(25);

/// Between two looks while none come.
const REST: Duration = Duration::from_millis(200);

/// How long after its last request a tenant counts as being asked.
const OF_LATE: Duration = Duration::from_secs(10);

/// Measures and paces for ever.
pub async fn keep(app: Arc<App>) {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as f64;
    let mut books = Books { own: usage::own(), since: Instant::now(), accounts: HashMap::new() };
    loop {
        let busy = books.look(&app, cores);
        tokio::time::sleep(if busy { LOOK } else { REST }).await;
    }
}

/// What was measured so far.
struct Books {
    own: Duration,
    since: Instant,
    accounts: HashMap<TenantId, Entry>,
}

struct Entry {
    account: Account,
    /// Processor time of the tenant's process at the last look.
    used: Duration,
    asked: Instant,
}

impl Books {
    /// Looks once: whether any request came since the last time.
    fn look(&mut self, app: &App, cores: f64) -> bool {
        let (own, now) = (usage::own(), Instant::now());
        let (own_part, lasted) = (own.saturating_sub(self.own), now - self.since);
        (self.own, self.since) = (own, now);
        let came: Vec<(Arc<Route>, u64)> = app
            .routes
            .asked_since(app.clock.now() - OF_LATE)
            .into_iter()
            .map(|route| (Arc::clone(&route), route.turns.taken_of_late()))
            .filter(|(route, came)| self.is_asked(route, *came, now))
            .collect();
        let all: u64 = came.iter().map(|(_, came)| came).sum();
        let asked: Vec<Asked> = came
            .iter()
            .map(|(route, came)| {
                let share = if all == 0 { Duration::ZERO } else { own_part.mul_f64(*came as f64 / all as f64) };
                let cost = self.cost(route, *came, share);
                Asked { cost, rate: *came as f64 / lasted.as_secs_f64().max(1e-3), waits: route.turns.has_waiting() }
            })
            .collect();
        for ((route, _), spacing) in came.iter().zip(plan::spacings(&asked, cores)) {
            route.turns.space(spacing);
        }
        all > 0
    }

    /// Whether a tenant was asked of late. One that was not is paced no longer.
    fn is_asked(&mut self, route: &Route, came: u64, now: Instant) -> bool {
        if came > 0 {
            let fresh = || Entry { account: Account::default(), used: used(route), asked: now };
            self.accounts.entry(route.tenant_id).or_insert_with(fresh).asked = now;
            return true;
        }
        if self.accounts.get(&route.tenant_id).is_some_and(|entry| now - entry.asked <= OF_LATE) {
            return true;
        }
        route.turns.space(Duration::ZERO);
        self.accounts.remove(&route.tenant_id);
        false
    }

    /// What one request of a tenant costs, with what was spent since the last look.
    fn cost(&mut self, route: &Route, came: u64, share: Duration) -> Duration {
        let Some(entry) = self.accounts.get_mut(&route.tenant_id) else { return Duration::ZERO };
        if came > 0 {
            let used = used(route);
            entry.account.add(came, used.saturating_sub(entry.used) + share);
            entry.used = used;
        }
        entry.account.cost()
    }
}

fn used(route: &Route) -> Duration {
    route.process.pid().and_then(usage::of).unwrap_or_default()
}

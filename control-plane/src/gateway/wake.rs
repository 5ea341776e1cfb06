//! Requests for a sleeping tenant: the first wakes it, and all wait until it is there.
//!
//! ```text
//! request ─> asleep? ─> a place to wait ─> woken once, by whoever came first ─> the way opens ─> passed on
//!                         │ too many, of one network or in all                    │ it does not come up
//!                         └──────────────────────> 503 <──────────────────────────┘
//! ```
//!
//! Everything a stranger can cause here is capped: how many requests wait, of one network and in all,
//! how many sleepers one network may wake, and how many come up at a time.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use polder_kernel::Clock;
use polder_service::limit::{Limits, Rule};
use tokio::sync::Semaphore;

use super::Target;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::TenantId;
use crate::provision::{self, Action};

/// How many requests wait in all.
pub const MOST_WAITING: usize = 1024;

/// How many requests of one network wait.
pub const MOST_WAITING_OF_ONE: usize = 128;

/// How many sleepers come up at a time.
const MOST_AT_A_TIME: usize = 8;

/// How many sleepers one network may wake.
const WAKES: Rule = Rule { burst: 100, per_minute: 60 };

/// Who waits for whom.
pub struct Waker {
    waiting: Mutex<Waiting>,
    waking: Mutex<HashSet<TenantId>>,
    at_a_time: Arc<Semaphore>,
    limits: Limits,
}

#[derive(Default)]
struct Waiting {
    all: usize,
    by_network: HashMap<Network, usize>,
}

/// An IPv4 address, or the first half of an IPv6 one; none for a request without an address.
type Network = Option<(bool, u64)>;

/// Why a request does not wait any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAwake {
    /// Too many wait, or were woken.
    TooMany,
    /// It did not come up in time.
    TooSlow,
    /// It is not there any more.
    Gone,
}

impl Waker {
    /// Nobody waits.
    pub fn new(clock: &Clock) -> Self {
        Self {
            waiting: Mutex::default(),
            waking: Mutex::default(),
            at_a_time: Arc::new(Semaphore::new(MOST_AT_A_TIME)),
            limits: Limits::new(clock, &[("wake", WAKES)]),
        }
    }

    fn place(&self, client: Option<IpAddr>) -> Result<Place<'_>, NotAwake> {
        let network = network(client);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let of_one = waiting.by_network.get(&network).copied().unwrap_or_default();
        if waiting.all >= MOST_WAITING || of_one >= MOST_WAITING_OF_ONE {
            return Err(NotAwake::TooMany);
        }
        waiting.all += 1;
        waiting.by_network.insert(network, of_one + 1);
        Ok(Place { waker: self, network })
    }

    /// Wakes a tenant, unless somebody does that already.
    fn wake(&self, app: &Arc<App>, tenant: TenantId, client: Option<IpAddr>) -> Result<(), NotAwake> {
        let mut waking = self.waking.lock().unwrap_or_else(PoisonError::into_inner);
        if waking.contains(&tenant) {
            return Ok(());
        }
        if let Some(client) = client {
            self.limits.check("wake", client).map_err(|_| NotAwake::TooMany)?;
        }
        waking.insert(tenant);
        drop(waking);
        let app = Arc::clone(app);
        tokio::spawn(async move {
            bring_up(&app, tenant).await;
            app.waker.waking.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
        });
        Ok(())
    }
}

async fn bring_up(app: &Arc<App>, tenant: TenantId) {
    let Ok(_turn) = app.waker.at_a_time.acquire().await else { return };
    if let Err(error) = provision::change(app, &ActingFor::system(), tenant, Action::Wake).await {
        tracing::info!(%tenant, %error, "not woken");
    } else {
        provision::settled(app, tenant, app.settings.patience.start).await;
    }
}

/// A request's place among those that wait.
struct Place<'a> {
    waker: &'a Waker,
    network: Network,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut waiting = self.waker.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.all = waiting.all.saturating_sub(1);
        if let Some(of_one) = waiting.by_network.get_mut(&self.network) {
            *of_one -= 1;
            if *of_one == 0 {
                waiting.by_network.remove(&self.network);
            }
        }
    }
}

fn network(client: Option<IpAddr>) -> Network {
    client.map(|ip| match ip.to_canonical() {
        IpAddr::V4(ip) => (false, u64::from(ip.to_bits())),
        IpAddr::V6(ip) => (true, (ip.to_bits() >> 64) as u64),
    })
}

/// Waits until the tenant with this slug is there, waking it where it sleeps.
///
/// # Errors
/// [`NotAwake`].
pub async fn hold(app: &Arc<App>, slug: &str, client: Option<IpAddr>) -> Result<Target, NotAwake> {
    let _place = app.waker.place(client)?;
    let until = tokio::time::Instant::now() + app.settings.patience.wake;
    loop {
        let mut changed = std::pin::pin!(app.routes.changed());
        // Listening before looking: a way that opens in between is not missed.
        changed.as_mut().enable();
        match app.routes.lookup(slug) {
            Target::Asleep(tenant) => app.waker.wake(app, tenant, client)?,
            Target::Unknown => return Err(NotAwake::Gone),
            target => return Ok(target),
        }
        tokio::time::timeout_at(until, changed).await.map_err(|_| NotAwake::TooSlow)?;
    }
}

/// Waits until a tenant that is just being started, or started again, can be asked for its administration.
/// One that nobody works on is not waited for.
///
/// # Errors
/// [`NotAwake`].
pub async fn attend(app: &Arc<App>, tenant: TenantId, client: Option<IpAddr>) -> Result<(), NotAwake> {
    if app.links.has(tenant) || !app.provision.is_at_work(tenant) {
        return Ok(());
    }
    let _place = app.waker.place(client)?;
    let come_to_rest = provision::settled(app, tenant, app.settings.patience.wake).await;
    if come_to_rest || app.links.has(tenant) { Ok(()) } else { Err(NotAwake::TooSlow) }
}

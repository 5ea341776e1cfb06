//! Which tenants answer at which host: held in memory, changed by provisioning alone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use http::HeaderValue;
use polder_kernel::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::fair::turns::Turns;
use super::pool::Pool;
use crate::driver::Peer;
use crate::model::TenantId;

/// The way to one running tenant.
pub struct Route {
    /// The tenant.
    pub tenant_id: TenantId,
    /// Its host name with the port, in the spelling of its issuer.
    pub authority: HeaderValue,
    /// Connections to its public socket.
    pub public: Arc<Pool>,
    /// The process behind that socket.
    pub process: Peer,
    /// When its requests pass.
    pub turns: Turns,
    /// How long it is used.
    pub in_use: InUse,
}

/// How long a tenant is used, and how long it may be idle.
pub struct InUse {
    last: AtomicI64,
    idle_after: AtomicI64,
}

impl InUse {
    /// Used now; idle after so long, or never.
    pub fn new(now: Timestamp, idle_after: Option<Duration>) -> Self {
        let of = Self { last: AtomicI64::new(now.millis()), idle_after: AtomicI64::new(0) };
        of.set_idle_after(idle_after);
        of
    }

    /// It is used now.
    pub fn touch(&self, now: Timestamp) {
        self.last.fetch_max(now.millis(), Ordering::Relaxed);
    }

    fn was_asked_since(&self, then: Timestamp) -> bool {
        self.last.load(Ordering::Relaxed) >= then.millis()
    }

    /// Changes how long it may be idle; `None` is for ever.
    pub fn set_idle_after(&self, idle_after: Option<Duration>) {
        let millis = idle_after.map_or(0, |after| i64::try_from(after.as_millis()).unwrap_or(0));
        self.idle_after.store(millis, Ordering::Relaxed);
    }

    /// Whether it has been idle for longer than it may be.
    fn is_over(&self, now: Timestamp) -> bool {
        let after = self.idle_after.load(Ordering::Relaxed);
        after > 0 && now.millis().saturating_sub(self.last.load(Ordering::Relaxed)) >= after
    }
}

/// How long requests that are under way may take before what they lead to is stopped.
const FINISHING: Duration = Duration::from_secs(2);

/// Waits a while until nobody is under way where requests went before: what stops would break off their answers.
pub async fn finish(before: Option<Arc<Route>>) {
    let Some(route) = before else { return };
    let until = Instant::now() + FINISHING;
    // Whoever looked the way up holds it, and whoever reads an answer has a place in its pool.
    while (Arc::strong_count(&route) > 1 || !route.public.is_unused()) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// What a tenant's host leads to.
#[derive(Clone)]
enum Way {
    Open(Arc<Route>),
    Documents(Arc<Route>),
    Held(TenantId),
}

/// How the way to a tenant is, for provisioning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WayState {
    /// There is none: as if the tenant were not there.
    #[default]
    Closed,
    /// Every request passes.
    Open,
    /// Only discovery and keys do.
    Documents,
    /// Requests wait until the tenant is there.
    Held,
}

/// Where a request goes.
pub enum Target {
    /// To the tenant.
    Ready(Arc<Route>),
    /// To the tenant when it asks for discovery or keys; a neutral page otherwise.
    Suspended(Arc<Route>),
    /// It waits until the tenant is awake.
    Asleep(TenantId),
    /// Nowhere: unknown and disabled are the same (G07).
    Unknown,
}

/// The ways to all tenants that have one, by slug.
#[derive(Default)]
pub struct Routes {
    ways: RwLock<HashMap<String, Way>>,
    changed: Notify,
}

impl Routes {
    /// Where requests for the host of this slug go.
    pub fn lookup(&self, slug: &str) -> Target {
        match self.ways.read().unwrap_or_else(PoisonError::into_inner).get(slug) {
            Some(Way::Open(route)) => Target::Ready(Arc::clone(route)),
            Some(Way::Documents(route)) => Target::Suspended(Arc::clone(route)),
            Some(Way::Held(tenant)) => Target::Asleep(*tenant),
            None => Target::Unknown,
        }
    }

    /// The way to the tenant with this slug, where every request passes.
    pub fn get(&self, slug: &str) -> Option<Arc<Route>> {
        match self.lookup(slug) {
            Target::Ready(route) => Some(route),
            _ => None,
        }
    }

    /// How the way to a tenant is.
    pub fn state(&self, slug: &str) -> WayState {
        match self.lookup(slug) {
            Target::Ready(_) => WayState::Open,
            Target::Suspended(_) => WayState::Documents,
            Target::Asleep(_) => WayState::Held,
            Target::Unknown => WayState::Closed,
        }
    }

    /// Opens a way, in place of an older one.
    pub fn open(&self, slug: &str, route: Route) {
        self.set(slug, Some(Way::Open(Arc::new(route))));
    }

    /// Opens a way for discovery and keys alone, in place of an older one.
    pub fn open_documents(&self, slug: &str, route: Route) {
        self.set(slug, Some(Way::Documents(Arc::new(route))));
    }

    /// From now on requests wait until the tenant is there, and wake it. Gives back where they went before.
    pub fn hold(&self, slug: &str, tenant: TenantId) -> Option<Arc<Route>> {
        self.set(slug, Some(Way::Held(tenant)))
    }

    /// Closes a way. Requests under way are answered still, those that wait are not. Gives back where they went
    /// before.
    pub fn close(&self, slug: &str) -> Option<Arc<Route>> {
        self.set(slug, None)
    }

    /// Closes a way unless requests wait at it.
    pub fn close_unless_held(&self, slug: &str) {
        if self.state(slug) != WayState::Held {
            self.close(slug);
        }
    }

    /// Tells when a way changes after this call.
    pub fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }

    /// The tenants that have been idle for longer than they may be, with nothing in flight.
    pub fn idle(&self, now: Timestamp) -> Vec<Arc<Route>> {
        let ways = self.ways.read().unwrap_or_else(PoisonError::into_inner);
        let open = ways.values().filter_map(|way| match way {
            Way::Open(route) => Some(route),
            _ => None,
        });
        open.filter(|route| route.in_use.is_over(now) && route.public.is_unused()).cloned().collect()
    }

    /// The tenants that were asked for anything since then.
    pub fn asked_since(&self, then: Timestamp) -> Vec<Arc<Route>> {
        let ways = self.ways.read().unwrap_or_else(PoisonError::into_inner);
        let routes = ways.values().filter_map(|way| match way {
            Way::Open(route) | Way::Documents(route) => Some(route),
            Way::Held(_) => None,
        });
        routes.filter(|route| route.in_use.was_asked_since(then)).cloned().collect()
    }

    fn set(&self, slug: &str, way: Option<Way>) -> Option<Arc<Route>> {
        let mut ways = self.ways.write().unwrap_or_else(PoisonError::into_inner);
        let before = match way {
            Some(way) => ways.insert(slug.to_owned(), way),
            None => ways.remove(slug),
        };
        drop(ways);
        self.changed.notify_waiters();
        match before {
            Some(Way::Open(route) | Way::Documents(route)) => Some(route),
            Some(Way::Held(_)) | None => None,
        }
    }
}

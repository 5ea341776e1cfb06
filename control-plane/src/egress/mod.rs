//! Egress: a tenant's way to hosts outside, which it needs for outside identity providers and the
//! like. It has no network; this is one socket of its own, on which it asks by HTTP CONNECT.
//!
//! ```text
//! tenant ── CONNECT host:443 ──> peer is the tenant? ─> on its list? ─> resolved once, every address public?
//!        <─ 200, then bytes ──── connected to a checked address <────────────────────┘
//!        <─ 403, a problem ───── any "no" above: counted and logged, nothing contacted
//! ```
//!
//! The list is the control plane's record ([`allow_list`]), changed by somebody and audited; what connections
//! need comes and goes with them ([`needs`]). A change acts at once, and ends the tunnels that are no longer allowed. TLS is the
//! tenant's: only bytes pass here, and nothing of them is kept. It is a second wall: the tenant's own
//! client checks what it asks for, too (F14).

pub mod allow_list;
mod gate;
pub mod needs;
mod refusal;
pub mod rule;
pub mod tunnel;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use polder_db::{Db, Error};
use polder_outbound::resolve::{Names, Resolver};
use polder_service::Shutdown;
use tokio::sync::Semaphore;

use crate::app::App;
use crate::driver::Peer;
use crate::model::{Tenant, TenantId};
use crate::pace::Pace;
use crate::store::egress_rules;
use crate::tenant_socket::TenantSocket;
use gate::Gate;
pub use gate::{Counted, Counts};
use rule::Rule;

/// The socket's name in a tenant's `run` folder.
pub const SOCKET: &str = "egress.sock";

/// Names being looked up at a time, of all tenants. Each holds a thread for as long as a name server
/// takes, and there are twice as many threads, for everything that waits for the system.
const LOOKUPS: usize = 256;

/// What one tenant may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Tunnels at a time.
    pub tunnels: usize,
    /// Names being looked up at a time.
    pub lookups: usize,
    /// For looking a name up.
    pub resolve: Duration,
    /// For all attempts to connect to one host.
    pub connect: Duration,
    /// Without a byte in either direction; at most twice that passes before the end.
    pub idle: Duration,
    /// For a tunnel in all.
    pub total: Duration,
    /// Through a tunnel, both directions together.
    pub bytes: u64,
    /// Tunnels that are asked for.
    pub pace: Pace,
    /// Through all tunnels, in KiB; counted when they end.
    pub kibibytes: Pace,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tunnels: 16,
            lookups: 4,
            resolve: Duration::from_secs(5),
            connect: Duration::from_secs(10),
            idle: Duration::from_secs(30),
            total: Duration::from_secs(300),
            bytes: 64 * 1024 * 1024,
            pace: Pace { burst: 120, per_hour: 3600 },
            kibibytes: Pace { burst: 512 * 1024, per_hour: 1024 * 1024 },
        }
    }
}

/// All tenants' ways to hosts outside.
pub struct Egress {
    open: Mutex<HashMap<TenantId, Open>>,
    names: Names,
    /// Lookups of everybody.
    lookups: Arc<Semaphore>,
    limits: Limits,
    dev: bool,
    /// One reads a list at a time, so that what was read first is never put in last.
    changing: tokio::sync::Mutex<()>,
}

struct Open {
    gate: Arc<Gate>,
    stop: Shutdown,
}

impl Egress {
    /// No way out yet. Where `dev` holds, rules for ports of this machine count.
    pub fn new(names: Names, limits: Limits, dev: bool) -> Self {
        let lookups = Arc::new(Semaphore::new(LOOKUPS));
        Self { open: Mutex::default(), names, lookups, limits, dev, changing: tokio::sync::Mutex::default() }
    }

    /// Whether rules for ports of this machine count.
    pub const fn is_dev(&self) -> bool {
        self.dev
    }

    /// One tenant's lookups: its own places, and one of everybody's, since each holds a thread.
    fn resolver(&self) -> Resolver {
        let places = vec![Arc::new(Semaphore::new(self.limits.lookups)), Arc::clone(&self.lookups)];
        Resolver::new(self.names.clone(), places, self.limits.resolve)
    }

    /// Opens a tenant's socket, in place of an older one. Nobody is let through before [`Self::admit`].
    ///
    /// # Errors
    /// When it cannot be bound, or the list cannot be read.
    pub async fn open(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        self.close(tenant.id);
        let _turn = self.changing.lock().await;
        let rules = self.rules_of(&app.db, tenant.id).await.map_err(io::Error::other)?;
        let socket = TenantSocket::bind(&app.settings.layout.tenant_run(&tenant.short_id), SOCKET)?;
        let gate = Arc::new(Gate::new(self, &app.clock, tenant, rules));
        let (stop, admitting) = (Shutdown::new(), Arc::clone(&gate));
        let service = gate::service(Arc::clone(&gate), stop.clone());
        // Twice the tunnels: one that is refused for their number should be told so.
        let serving =
            socket.serve(service, self.limits.tunnels * 2, move |peer| admitting.door.admits(peer), stop.clone());
        tokio::spawn(serving);
        self.lock().insert(tenant.id, Open { gate, stop });
        Ok(())
    }

    /// Has a change of a tenant's list take effect. Without it the next start of the tenant would.
    ///
    /// # Errors
    /// When the list cannot be read. Then nothing is let out any more: it may have been a withdrawal.
    pub async fn reload(&self, db: &Db, tenant: TenantId) -> Result<(), Error> {
        let _turn = self.changing.lock().await;
        let Some(gate) = self.lock().get(&tenant).map(|open| Arc::clone(&open.gate)) else { return Ok(()) };
        let rules = self.rules_of(db, tenant).await;
        gate.set(rules.as_ref().map_or(Vec::new(), Vec::clone));
        rules.map(drop)
    }

    /// A stored rule that does not hold here, such as one of development, is none.
    async fn rules_of(&self, db: &Db, tenant: TenantId) -> Result<Vec<Rule>, Error> {
        let rows = egress_rules::of_tenant(&mut db.read().await?, tenant).await?;
        Ok(rows.iter().filter_map(|row| Rule::parse(&row.host, self.dev).ok()).collect())
    }

    /// Says which process is the tenant: only that one is let through.
    pub fn admit(&self, tenant: TenantId, peer: Option<Peer>) {
        if let Some(open) = self.lock().get(&tenant) {
            open.gate.door.admit(peer);
        }
    }

    /// Closes a tenant's socket and ends its tunnels.
    pub fn close(&self, tenant: TenantId) {
        if let Some(open) = self.lock().remove(&tenant) {
            open.stop.trigger();
        }
    }

    /// What a tenant did since its socket was opened.
    pub fn counted(&self, tenant: TenantId) -> Option<Counted> {
        self.lock().get(&tenant).map(|open| open.gate.counts.read(open.gate.door.strangers.read()))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TenantId, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

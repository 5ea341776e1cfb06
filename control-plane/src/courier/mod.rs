//! The courier: takes the mail of tenants, which have no network, on one socket per tenant.
//!
//! ```text
//! tenant ── POST /messages ──> a message? ─> within its quota? ─> its turn ─> mail server, or mailbox
//!        <── 200 ─────────────────────────────────────────────────────────── has taken it
//!        <── 422 never · 429, 503 + Retry-After not now · 503 the server is gone
//! ```
//!
//! It answers only once the mail server took a message (or, in `polder dev` without one, the mailbox),
//! and keeps nothing: the tenant's outbox is the one queue, and tries again by itself. Tenants take
//! [turns], so that no flood and no slow receiver of one delays the codes of another (G27). Holding the
//! socket is the right to send, and says who sends: nothing in a message names its tenant, and From
//! and envelope are made here.

mod desk;
pub mod quota;
pub mod relay;
pub mod turns;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use polder_kernel::Clock;
use polder_service::Shutdown;

use crate::app::App;
use crate::mailbox::Mailbox;
use crate::model::{Tenant, TenantId};
use crate::tenant_socket::TenantSocket;
use desk::{Desk, Exit};
use quota::{Quota, Quotas};
pub use relay::Relay;
use turns::{Share, Turns};

/// The socket's name in a tenant's `run` folder.
pub const SOCKET: &str = "courier.sock";

/// Connections a tenant may have: more than it may have waiting, so that one too many is told so.
const CONNECTIONS: usize = 128;

/// How long a message waits for its tenant's turn, well below how long the tenant waits for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sockets that are open, and what their tenants share.
pub struct Courier {
    carrier: Carrier,
    turns: Turns,
    quotas: Arc<Quotas>,
    open: Mutex<HashMap<TenantId, Shutdown>>,
}

/// Where messages go.
pub enum Carrier {
    /// To the mailbox of `polder dev`.
    Mailbox(Arc<Mailbox>),
    /// To a mail server.
    Relay(Relay),
}

impl Carrier {
    /// A mailbox disturbs nobody; a mail server's operator shuts out who sends too much.
    const fn quota(&self) -> Quota {
        match self {
            Self::Mailbox(_) => Quota { burst: 20_000, per_hour: 600_000 },
            Self::Relay(_) => Quota { burst: 300, per_hour: 3_600 },
        }
    }

    const fn share(&self) -> Share {
        match self {
            Self::Mailbox(_) => Share { lanes: 64, per_tenant: 32, waiting: 64, patience: PATIENCE },
            Self::Relay(_) => Share { lanes: 24, per_tenant: 4, waiting: 64, patience: PATIENCE },
        }
    }
}

impl Courier {
    /// No socket yet.
    pub fn new(carrier: Carrier, clock: Clock) -> Self {
        let (quota, share) = (carrier.quota(), carrier.share());
        Self::with(carrier, clock, quota, share)
    }

    fn with(carrier: Carrier, clock: Clock, quota: Quota, share: Share) -> Self {
        let quotas = Arc::new(Quotas::new(quota, clock));
        Self { carrier, turns: Turns::new(share), quotas, open: Mutex::default() }
    }

    /// Opens a tenant's socket, in place of an older one.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn open(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        self.close(tenant.id);
        let socket = TenantSocket::bind(&app.settings.layout.tenant_run(&tenant.short_id), SOCKET)?;
        let service = TowerToHyperService::new(desk::router(self.desk(tenant)?));
        let stop = Shutdown::new();
        // Any process that the folder was given to may send: in development the coaching platform does, too.
        tokio::spawn(socket.serve(service, CONNECTIONS, |_| true, stop.clone()));
        self.open.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, stop);
        Ok(())
    }

    /// Closes a tenant's socket.
    pub fn close(&self, tenant: TenantId) {
        if let Some(open) = self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&tenant) {
            open.trigger();
        }
    }

    fn desk(&self, tenant: &Tenant) -> io::Result<Desk> {
        let exit = match &self.carrier {
            Carrier::Mailbox(mailbox) => Exit::Mailbox(Arc::clone(mailbox)),
            Carrier::Relay(relay) => Exit::Server(relay.mailer_of(&tenant.name).map_err(io::Error::other)?),
        };
        Ok(Desk {
            tenant: tenant.id,
            slug: tenant.slug.clone(),
            exit,
            turns: self.turns.clone(),
            quotas: Arc::clone(&self.quotas),
        })
    }
}

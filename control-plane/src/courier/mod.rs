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
//! [turns], so that no flood and no slow receiver of one delays the codes of another (G27). Only the
//! tenant's own process may send on its socket, which says who sends: nothing in a message names its
//! tenant. From and envelope are made here: the installation's address under the tenant's name, or an
//! address below a domain of the tenant's own, once our record says that it is verified.

mod desk;
mod party;
pub mod quota;
pub mod relay;
pub mod turns;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use hyper_util::service::TowerToHyperService;
use polder_db::Db;
use polder_kernel::{Clock, Slug};
use polder_outbound::courier::Message;
use polder_service::Shutdown;

use crate::app::App;
use crate::door::Door;
use crate::driver::Peer;
use crate::mailbox::Mailbox;
use crate::model::Tenant;
use crate::pace::Pace;
use crate::store::mail_domains;
use crate::tenant_socket::TenantSocket;
use crate::told::Told;
pub use desk::NotPosted;
use desk::{Desk, Exit};
pub use party::Party;
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
    open: Mutex<HashMap<Party, Open>>,
}

/// An open socket.
struct Open {
    door: Arc<Door>,
    desk: Arc<Desk>,
    stop: Shutdown,
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
            Self::Mailbox(_) => {
                let pace = Pace { burst: 20_000, per_hour: 600_000 };
                Quota { pace, tries: pace, per_hour: 600_000, per_day: 10_000_000 }
            }
            Self::Relay(_) => Quota {
                pace: Pace { burst: 300, per_hour: 3_600 },
                tries: Pace { burst: 1_200, per_hour: 14_400 },
                per_hour: 3_600,
                per_day: 20_000,
            },
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
    pub fn new(carrier: Carrier, clock: Clock, db: Db) -> Self {
        let (quota, share) = (carrier.quota(), carrier.share());
        Self::with(carrier, (clock, db), quota, share)
    }

    fn with(carrier: Carrier, (clock, db): (Clock, Db), quota: Quota, share: Share) -> Self {
        let quotas = Arc::new(Quotas::new(quota, clock, db));
        Self { carrier, turns: Turns::new(share), quotas, open: Mutex::default() }
    }

    /// Opens a tenant's socket, in place of an older one. Nobody may send before [`Self::admit`].
    ///
    /// # Errors
    /// When it cannot be bound, or our record cannot be read.
    pub async fn open(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        let party = Party::Tenant(tenant.id);
        self.close(party);
        let mailer = self.mailer(&app.db, tenant).await?;
        let desk = self.desk(party, (tenant, tenant.short_id.clone()), mailer);
        self.serve(party, desk, &app.settings.layout.tenant_run(&tenant.short_id))
    }

    /// Opens the coaching platform's socket, in its own folder. It writes to the people of `practice`.
    ///
    /// # Errors
    /// When it cannot be bound.
    pub fn open_coaching(&self, app: &App, practice: &Tenant) -> io::Result<()> {
        self.close(Party::Coaching);
        let exit = match &self.carrier {
            Carrier::Mailbox(mailbox) => Exit::Mailbox(Arc::clone(mailbox)),
            Carrier::Relay(relay) => Exit::server(relay.mailer_of("Coaching", None).map_err(io::Error::other)?),
        };
        let desk = self.desk(Party::Coaching, (practice, Party::Coaching.key()), exit);
        self.serve(Party::Coaching, desk, &app.settings.layout.coaching())
    }

    /// Sends a message of the console's own, in the installation's name, with a quota and turns of its own.
    ///
    /// # Errors
    /// When it was not taken: whether it ever will be.
    pub async fn post(&self, message: Message) -> Result<(), NotPosted> {
        let exit = match &self.carrier {
            Carrier::Mailbox(mailbox) => Exit::Mailbox(Arc::clone(mailbox)),
            Carrier::Relay(relay) => Exit::server(relay.mailer_of("Polder", None).map_err(|_| NotPosted::Never)?),
        };
        let desk = Desk {
            party: Party::Console,
            slug: Slug::platform(),
            mark: Party::Console.key(),
            exit: RwLock::new(exit),
            turns: self.turns.clone(),
            quotas: Arc::clone(&self.quotas),
            spent: Told::default(),
            refused: Told::default(),
        };
        desk.post(message).await
    }

    fn serve(&self, party: Party, desk: Desk, folder: &Path) -> io::Result<()> {
        let socket = TenantSocket::bind(folder, SOCKET)?;
        let (desk, stop) = (Arc::new(desk), Shutdown::new());
        let door = Arc::new(Door::new(desk.slug.as_str(), SOCKET));
        let service = TowerToHyperService::new(desk::router(Arc::clone(&desk)));
        let admitting = Arc::clone(&door);
        tokio::spawn(socket.serve(service, CONNECTIONS, move |peer| admitting.admits(peer), stop.clone()));
        self.lock().insert(party, Open { door, desk, stop });
        Ok(())
    }

    /// Says which process may send: only that one.
    pub fn admit(&self, party: Party, peer: Option<Peer>) {
        if let Some(open) = self.lock().get(&party) {
            open.door.admit(peer);
        }
    }

    /// Has a change of a tenant's domain take effect.
    ///
    /// # Errors
    /// When our record cannot be read.
    pub async fn reload(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        let exit = self.mailer(&app.db, tenant).await?;
        if let Some(open) = self.lock().get(&Party::Tenant(tenant.id)) {
            open.desk.leave_by(exit);
        }
        Ok(())
    }

    /// Closes a socket.
    pub fn close(&self, party: Party) {
        if let Some(open) = self.lock().remove(&party) {
            open.stop.trigger();
        }
    }

    /// Whom a tenant's mail comes from, as our record says.
    async fn mailer(&self, db: &Db, tenant: &Tenant) -> io::Result<Exit> {
        let relay = match &self.carrier {
            Carrier::Mailbox(mailbox) => return Ok(Exit::Mailbox(Arc::clone(mailbox))),
            Carrier::Relay(relay) => relay,
        };
        let recorded = async { mail_domains::of(&mut db.read().await?, tenant.id).await };
        let recorded = recorded.await.map_err(io::Error::other)?;
        let own = recorded.filter(|recorded| recorded.verified_at.is_some());
        let own = own.as_ref().map(|recorded| recorded.domain.as_str());
        Ok(Exit::server(relay.mailer_of(&tenant.name, own).map_err(io::Error::other)?))
    }

    fn desk(&self, party: Party, (tenant, mark): (&Tenant, String), exit: Exit) -> Desk {
        Desk {
            party,
            slug: tenant.slug.clone(),
            mark,
            exit: RwLock::new(exit),
            turns: self.turns.clone(),
            quotas: Arc::clone(&self.quotas),
            spent: Told::default(),
            refused: Told::default(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Party, Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

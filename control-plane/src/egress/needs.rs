//! The ways out that connections and applications need: opened for the first of them, closed after the last (P18).
//! What somebody opened by name is not touched.

use std::sync::Arc;

use polder_db::{Error, Tx};
use polder_tenant_api::ApplicationId;
use polder_tenant_api::connections::ConnectionId;

use super::rule::Rule;
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{EgressRuleId, Tenant};
use crate::store::egress_needs;
use crate::store::egress_rules::{self, Row, Why};

/// What needs a way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NeededBy {
    /// A connection: the hosts of its provider.
    Connection(ConnectionId),
    /// An application: the host that is told of ended sessions, and the one where its keys are.
    Application(ApplicationId),
}

impl NeededBy {
    /// As stored. Connections came first and have their bare id.
    fn key(self) -> String {
        match self {
            Self::Connection(id) => id.to_string(),
            Self::Application(id) => format!("application:{id}"),
        }
    }

    /// For the log: what it is, and which.
    fn fact(self) -> (&'static str, String) {
        match self {
            Self::Connection(id) => ("connection", id.to_string()),
            Self::Application(id) => ("application", id.to_string()),
        }
    }
}

impl From<ConnectionId> for NeededBy {
    fn from(id: ConnectionId) -> Self {
        Self::Connection(id)
    }
}

impl From<ApplicationId> for NeededBy {
    fn from(id: ApplicationId) -> Self {
        Self::Application(id)
    }
}

/// What became of a tenant's ways out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Hosts that can be reached from now on.
    pub allowed: Vec<String>,
    /// Hosts that cannot, since the tenant has as many rules as it can have.
    pub refused: Vec<String>,
    /// Hosts that cannot be reached any more: nothing needs them.
    pub closed: Vec<String>,
}

/// The hosts that a connection needs, as somebody asked for them.
///
/// # Errors
/// When the database fails.
pub async fn of_connection(app: &App, tenant: &Tenant, connection: ConnectionId) -> Result<Vec<String>, Error> {
    egress_needs::of(&mut app.db.read().await?, tenant.id, &NeededBy::from(connection).key()).await
}

/// Opens what a connection or an application needs now and closes what none needs any more; one that is gone needs
/// nothing.
///
/// # Errors
/// When the database fails.
pub async fn settle(
    app: &Arc<App>,
    tenant: &Tenant,
    by: &ActingFor,
    (by_what, hosts): (impl Into<NeededBy>, Vec<String>),
) -> Result<Settled, Error> {
    let needed_by = by_what.into();
    let settling = Settling { app: Arc::clone(app), tenant: tenant.clone(), by: by.clone(), needed_by, hosts };
    // In a task of its own: one who hangs up must not leave a way open that the record no longer has.
    tokio::spawn(settling.run()).await.map_err(|_| Error::Lost)?
}

struct Settling {
    app: Arc<App>,
    tenant: Tenant,
    by: ActingFor,
    needed_by: NeededBy,
    hosts: Vec<String>,
}

impl Settling {
    async fn run(self) -> Result<Settled, Error> {
        let (app, tenant) = (Arc::clone(&self.app), self.tenant.id);
        let settled = app.db.write(move |tx| Box::pin(async move { self.unit_of_work(tx).await })).await?;
        app.egress.reload(&app.db, tenant).await?;
        Ok(settled)
    }

    async fn unit_of_work(self, tx: &mut Tx) -> Result<Settled, Error> {
        let (app, tenant) = (&self.app, self.tenant.id);
        let (mut hosts, mut settled) = (Vec::new(), Settled::default());
        for host in &self.hosts {
            match Rule::parse(host, app.egress.is_dev()) {
                Ok(rule) => hosts.push(rule.to_string()),
                Err(_) => settled.refused.push(host.clone()),
            }
        }
        egress_needs::replace(tx, tenant, &self.needed_by.key(), &hosts).await?;
        // First, so that there is room for what is needed now.
        settled.closed = egress_rules::remove_unneeded(tx, tenant).await?;
        for host in hosts {
            let id = EgressRuleId::new(&app.clock, &app.entropy);
            let row = Row { id, host, created_at: app.clock.now() };
            if egress_rules::insert(tx, tenant, &row, (self.by.actor, Why::Connections)).await? {
                settled.allowed.push(row.host);
            } else if !egress_rules::is_there(tx, tenant, &row.host).await? {
                settled.refused.push(row.host);
            }
        }
        for (action, hosts) in [("egress.withdrawn", &settled.closed), ("egress.allowed", &settled.allowed)] {
            for host in hosts {
                let (what, which) = self.needed_by.fact();
                let facts = [("host", host.as_str()), (what, which.as_str())];
                polder_audit::record(tx, audit::event(action, &self.by, Some(&self.tenant.slug), &facts));
            }
        }
        Ok(settled)
    }
}

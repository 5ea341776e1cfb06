//! The ways out that connections need: opened for the first of them, closed after the last (P18). What
//! somebody opened by name is not touched.

use std::sync::Arc;

use polder_db::{Error, Tx};
use polder_tenant_api::connections::ConnectionId;

use super::rule::Rule;
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::{EgressRuleId, Tenant};
use crate::store::egress_needs;
use crate::store::egress_rules::{self, Row, Why};

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
    egress_needs::of_connection(&mut app.db.read().await?, tenant.id, connection).await
}

/// Opens what a connection needs now and closes what no connection needs any more; a connection that is gone
/// needs nothing.
///
/// # Errors
/// When the database fails.
pub async fn settle(
    app: &Arc<App>,
    tenant: &Tenant,
    by: &ActingFor,
    (connection, hosts): (ConnectionId, Vec<String>),
) -> Result<Settled, Error> {
    let settling = Settling { app: Arc::clone(app), tenant: tenant.clone(), by: by.clone(), connection, hosts };
    // In a task of its own: one who hangs up must not leave a way open that the record no longer has.
    tokio::spawn(settling.run()).await.map_err(|_| Error::Lost)?
}

struct Settling {
    app: Arc<App>,
    tenant: Tenant,
    by: ActingFor,
    connection: ConnectionId,
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
        egress_needs::replace(tx, tenant, self.connection, &hosts).await?;
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
                let facts = [("host", host.as_str()), ("connection", &self.connection.to_string())];
                polder_audit::record(tx, audit::event(action, &self.by, Some(&self.tenant.slug), &facts));
            }
        }
        Ok(settled)
    }
}

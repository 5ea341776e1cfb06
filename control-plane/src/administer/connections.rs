//! A tenant's connections to outside identity providers, and the ways out they need (P18).
//!
//! Which hosts a tenant may reach is told from what somebody asked for, never from what the tenant answers:
//! a tenant that was taken over must not widen its own way out.

use http::{Method, StatusCode};
use polder_service::Problem;
use polder_tenant_api::connections::{
    ConnectedAccount, ConnectedAccountId, Connection, ConnectionChanges, ConnectionCheck, ConnectionConfiguration,
    ConnectionId, NewConnection, Provider, hosts,
};
use polder_tenant_api::{Page, UserId};
use serde::Serialize;
use utoipa::ToSchema;

use super::{On, Part, Refused, target};
use crate::egress::needs::{self, Settled};
use crate::egress::rule::Rule;

/// A connection, and what became of the ways out it needs.
#[derive(Debug, Serialize, ToSchema)]
pub struct WithWays {
    /// The connection.
    #[serde(flatten)]
    pub connection: Connection,
    /// Hosts that this change let the tenant reach.
    pub allowed_hosts: Vec<String>,
    /// Hosts that the tenant still may not reach, since it has as many as it can have.
    pub refused_hosts: Vec<String>,
    /// Hosts that the tenant may not reach any more: no connection needs them.
    pub closed_hosts: Vec<String>,
}

/// Why nothing was done, or not all.
#[derive(Debug, thiserror::Error)]
pub enum NotConnected {
    /// A host is none that a tenant may reach.
    #[error("a tenant cannot reach {0}: {1}")]
    Host(String, &'static str),
    /// The tenant, or the way to it.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// A page of them, newest first.
pub async fn list(on: &On, part: &Part) -> Result<Page<Connection>, Refused> {
    on.ask(&target("/connections", &[], part)).await
}

/// One of them.
pub async fn show(on: &On, id: ConnectionId) -> Result<Connection, Refused> {
    on.ask(&format!("/connections/{id}")).await
}

/// Makes one, and lets the tenant reach its hosts.
pub async fn create(on: &On, new: &NewConnection) -> Result<WithWays, NotConnected> {
    let hosts = hosts(new.provider, &new.configuration);
    check(on, &hosts)?;
    let made: Connection = on.change((Method::POST, "/connections"), Some(new)).await?;
    let provider = made.provider.as_str();
    let facts = [("connection", made.id.to_string()), ("provider", provider.to_owned())];
    record(on, "connection.created", &facts).await?;
    let id = made.id;
    Ok(settle(on, (id, hosts), made).await?)
}

/// Changes one: the tenant reaches the hosts it needs now, and no more those that no connection needs.
pub async fn change(on: &On, id: ConnectionId, changes: &ConnectionChanges) -> Result<WithWays, NotConnected> {
    let hosts = match &changes.configuration {
        Some(configuration) => Some(needed_now(on, id, configuration).await?),
        None => None,
    };
    check(on, hosts.as_deref().unwrap_or_default())?;
    let changed = on.change((Method::PATCH, &format!("/connections/{id}")), Some(changes)).await?;
    record(on, "connection.changed", &[("connection", id.to_string())]).await?;
    match hosts {
        Some(hosts) => Ok(settle(on, (id, hosts), changed).await?),
        None => Ok(WithWays::of(changed, Settled::default())),
    }
}

/// The hosts that a connection with this configuration needs: those that stand in it, and those that it was
/// made with. Who the provider is says the tenant, whose word opens nothing new.
async fn needed_now(on: &On, id: ConnectionId, new: &ConnectionConfiguration) -> Result<Vec<String>, Refused> {
    let (named, before) = (hosts(Provider::Oidc, new), needs::of_connection(&on.app, &on.tenant, id).await?);
    let mut needed = hosts(show(on, id).await?.provider, new);
    needed.retain(|host| named.contains(host) || before.contains(host));
    Ok(needed)
}

/// Removes one, and closes the ways out that no other needs.
pub async fn remove(on: &On, id: ConnectionId) -> Result<(), Refused> {
    let removed = on.delete(&format!("/connections/{id}")).await;
    // Also where it was gone: what was removed before, and then cut short, is brought to its end.
    if matches!(removed, Ok(()) | Err(Refused::Said(StatusCode::NOT_FOUND, _))) {
        needs::settle(&on.app, &on.tenant, &on.acting, (id, Vec::new())).await?;
    }
    removed?;
    record(on, "connection.removed", &[("connection", id.to_string())]).await
}

/// Tries whether its provider can be reached and speaks as it should.
pub async fn try_out(on: &On, id: ConnectionId) -> Result<ConnectionCheck, Refused> {
    on.change((Method::POST, &format!("/connections/{id}/check")), None::<&()>).await
}

/// A person's accounts at outside providers.
pub async fn of_user(on: &On, user: UserId) -> Result<Page<ConnectedAccount>, Refused> {
    on.ask(&format!("/users/{user}/connected-accounts")).await
}

/// Disconnects one.
pub async fn disconnect(on: &On, user: UserId, account: ConnectedAccountId) -> Result<(), Refused> {
    on.delete(&format!("/users/{user}/connected-accounts/{account}")).await?;
    on.record(on.event("connected_account.removed").user(user)).await
}

/// Trades what is kept of the provider's tokens for new ones.
pub async fn refresh(on: &On, user: UserId, account: ConnectedAccountId) -> Result<ConnectedAccount, Refused> {
    let path = format!("/users/{user}/connected-accounts/{account}/refresh");
    let refreshed = on.change((Method::POST, &path), None::<&()>).await?;
    on.record(on.event("connected_account.refreshed").user(user)).await?;
    Ok(refreshed)
}

async fn record(on: &On, action: &'static str, facts: &[(&str, String)]) -> Result<(), Refused> {
    let facts: Vec<_> = facts.iter().map(|(name, value)| (*name, value.as_str())).collect();
    on.record(on.event_with(action, &facts)).await
}

/// Before anything is made: every host is one that a tenant may be let out to.
fn check(on: &On, hosts: &[String]) -> Result<(), NotConnected> {
    for host in hosts {
        if Rule::parse(host, on.app.egress.is_dev()).is_err() {
            return Err(NotConnected::Host(host.clone(), "only public hosts, on port 443"));
        }
    }
    Ok(())
}

async fn settle(on: &On, needed: (ConnectionId, Vec<String>), connection: Connection) -> Result<WithWays, Refused> {
    let settled = needs::settle(&on.app, &on.tenant, &on.acting, needed).await?;
    Ok(WithWays::of(connection, settled))
}

impl WithWays {
    fn of(connection: Connection, settled: Settled) -> Self {
        let Settled { allowed, refused, closed } = settled;
        Self { connection, allowed_hosts: allowed, refused_hosts: refused, closed_hosts: closed }
    }
}

impl NotConnected {
    /// As a problem for whoever asked, or what lies below.
    pub fn problem(self) -> Result<Problem, Refused> {
        match self {
            Self::Host(host, why) => {
                let detail = format!("a tenant cannot reach {host}: {why}");
                Ok(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "host_not_public", "This host cannot be reached")
                    .detail(detail))
            }
            Self::Refused(refused) => Err(refused),
        }
    }
}

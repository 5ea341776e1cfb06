//! Tenants of an organisation in the orders in which the console lists them, page by page by key.

use polder_db::{Error, Tx, args};

use super::tenants::from_row;
use crate::model::{OrganisationId, Tenant};

/// An order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// By slug.
    #[default]
    Slug,
    /// By name.
    Name,
    /// By state, the older first.
    State,
    /// The newest first.
    Newest,
}

/// A place in a list: what it is ordered by, and the id that decides between equals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The slug, name or state; empty for the beginning.
    pub key: String,
    /// The tenant's id; empty for the beginning.
    pub id: String,
}

impl Order {
    /// Where a list goes on after this tenant.
    pub fn after(self, tenant: &Tenant) -> Place {
        let key = match self {
            Self::Slug => tenant.slug.to_string(),
            Self::Name => tenant.name.clone(),
            Self::State => tenant.state.as_str().to_owned(),
            Self::Newest => String::new(),
        };
        Place { key, id: tenant.id.to_string() }
    }
}

/// At most `limit` tenants of an organisation after a place, destroyed ones left out.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    (order, place): (Order, &Place),
    limit: i64,
) -> Result<Vec<Tenant>, Error> {
    const BY_SLUG: &str = "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, \
        created_at, updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
        terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND slug > $2 AND destroyed_at IS NULL \
        ORDER BY slug LIMIT $3";
    const BY_NAME: &str = "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, \
        created_at, updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
        terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND name >= $2 AND (name > $2 OR id > $3) \
        AND destroyed_at IS NULL ORDER BY name, id LIMIT $4";
    const BY_STATE: &str = "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, \
        created_at, updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
        terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND state >= $2 AND (state > $2 OR id > $3) \
        AND destroyed_at IS NULL ORDER BY state, id LIMIT $4";
    const NEWEST: &str = "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, \
        created_at, updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
        terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND id < $2 AND destroyed_at IS NULL \
        ORDER BY id DESC LIMIT $3";
    let (key, id) = (place.key.as_str(), place.id.as_str());
    match order {
        Order::Slug => tx.all(BY_SLUG, &args![organisation, key, limit], from_row).await,
        Order::Name => tx.all(BY_NAME, &args![organisation, key, id, limit], from_row).await,
        Order::State => tx.all(BY_STATE, &args![organisation, key, id, limit], from_row).await,
        Order::Newest => {
            // No id begins with a letter after f.
            let id = if id.is_empty() { "g" } else { id };
            tx.all(NEWEST, &args![organisation, id, limit], from_row).await
        }
    }
}

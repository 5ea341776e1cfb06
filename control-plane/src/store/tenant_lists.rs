//! Tenants of an organisation in the orders in which they are listed, page by page by key.

use polder_db::{Error, Tx, args};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_tenant_api::orders;

use super::tenants::from_row;
use crate::model::{OrganisationId, Tenant, TenantId};

orders!(
    /// The order of tenants.
    Order {
        /// By slug.
        Slug = "slug",
        /// By slug, from the end.
        SlugBackwards = "-slug",
        /// By name.
        Name = "name",
        /// By name, from the end.
        NameBackwards = "-name",
        /// By state, the older first.
        State = "state",
        /// By state, from the end, the newer first.
        StateBackwards = "-state",
        /// The newest first.
        Newest = "-created_at",
        /// The oldest first.
        Oldest = "created_at",
    }
);

/// A place in a list: what it is ordered by, and the id that decides between equals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The slug, name or state.
    pub key: String,
    /// The tenant's id.
    pub id: String,
}

impl Place {
    /// The place as a cursor that [`Self::parse`] reads.
    pub fn to_text(&self) -> String {
        base64url(format!("{} {}", self.id, self.key).as_bytes())
    }

    /// A place that a caller gave back; `None` for what is none, or holds what no column does.
    pub fn parse(cursor: &str) -> Option<Self> {
        let text = String::from_utf8(from_base64url(cursor)?).ok()?;
        let (id, key) = text.split_once(' ').filter(|_| !text.contains('\0'))?;
        id.parse::<TenantId>().ok()?;
        Some(Self { id: id.to_owned(), key: key.to_owned() })
    }
}

/// What sorts after every slug, name, state and id: no text begins with it.
const END: &str = "\u{10ffff}";

impl Order {
    /// Where a list begins.
    pub fn start(self) -> Place {
        let end = match self {
            Self::Slug | Self::Name | Self::State | Self::Oldest => "",
            Self::SlugBackwards | Self::NameBackwards | Self::StateBackwards | Self::Newest => END,
        };
        Place { key: end.to_owned(), id: end.to_owned() }
    }

    /// Where a list goes on after this tenant.
    pub fn after(self, tenant: &Tenant) -> Place {
        let key = match self {
            Self::Slug | Self::SlugBackwards => tenant.slug.to_string(),
            Self::Name | Self::NameBackwards => tenant.name.clone(),
            Self::State | Self::StateBackwards => tenant.state.as_str().to_owned(),
            Self::Newest | Self::Oldest => String::new(),
        };
        Place { key, id: tenant.id.to_string() }
    }
}

/// At most `limit` tenants of an organisation after a place, destroyed ones left out. A statement for each order, so
/// that each has its index.
pub async fn page(
    tx: &mut Tx,
    organisation: OrganisationId,
    (order, place): (Order, &Place),
    limit: i64,
) -> Result<Vec<Tenant>, Error> {
    let (key, id) = (place.key.as_str(), place.id.as_str());
    match order {
        Order::Slug | Order::SlugBackwards => tx.all(order.sql(), &args![organisation, key, limit], from_row).await,
        Order::Newest | Order::Oldest => tx.all(order.sql(), &args![organisation, id, limit], from_row).await,
        _ => tx.all(order.sql(), &args![organisation, key, id, limit], from_row).await,
    }
}

impl Order {
    const fn sql(self) -> &'static str {
        match self {
            Self::Slug => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND slug > $2 \
                 AND destroyed_at IS NULL ORDER BY slug LIMIT $3"
            }
            Self::SlugBackwards => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND slug < $2 \
                 AND destroyed_at IS NULL ORDER BY slug DESC LIMIT $3"
            }
            Self::Name => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND name >= $2 AND (name > $2 OR id > $3) \
                 AND destroyed_at IS NULL ORDER BY name, id LIMIT $4"
            }
            Self::NameBackwards => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND name <= $2 AND (name < $2 OR id < $3) \
                 AND destroyed_at IS NULL ORDER BY name DESC, id DESC LIMIT $4"
            }
            Self::State => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND state >= $2 AND (state > $2 OR id > $3) \
                 AND destroyed_at IS NULL ORDER BY state, id LIMIT $4"
            }
            Self::StateBackwards => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND state <= $2 AND (state < $2 OR id < $3) \
                 AND destroyed_at IS NULL ORDER BY state DESC, id DESC LIMIT $4"
            }
            Self::Newest => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND id < $2 \
                 AND destroyed_at IS NULL ORDER BY id DESC LIMIT $3"
            }
            Self::Oldest => {
                "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, \
                 updated_at, desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, \
                 terminate_at, destroyed_at FROM tenant WHERE organisation_id = $1 AND id > $2 \
                 AND destroyed_at IS NULL ORDER BY id LIMIT $3"
            }
        }
    }
}

//! Tenants.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Slug, Timestamp};

use crate::model::{OrganisationId, Tenant, TenantId, TenantState};

/// Adds a tenant. `false` when its slug is or was somebody's (G24).
pub async fn insert(tx: &mut Tx, tenant: &Tenant) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO tenant (id, slug, short_id, name, issuer, organisation_id, state, blueprint, created_at, updated_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
             ON CONFLICT (slug) DO NOTHING",
            &args![
                tenant.id,
                tenant.slug.as_str(),
                tenant.short_id.as_str(),
                tenant.name.as_str(),
                tenant.issuer.as_str(),
                tenant.organisation_id,
                tenant.state.as_str(),
                tenant.blueprint.as_str(),
                tenant.created_at
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The tenant with this slug.
pub async fn by_slug(tx: &mut Tx, slug: &Slug) -> Result<Option<Tenant>, Error> {
    tx.optional(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at
         FROM tenant WHERE slug = $1",
        &args![slug.as_str()],
        from_row,
    )
    .await
}

/// The tenant with this id.
pub async fn by_id(tx: &mut Tx, id: TenantId) -> Result<Option<Tenant>, Error> {
    tx.optional(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at
         FROM tenant WHERE id = $1",
        &args![id],
        from_row,
    )
    .await
}

/// Every tenant, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Tenant>, Error> {
    tx.all(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at
         FROM tenant ORDER BY id",
        &args![],
        from_row,
    )
    .await
}

/// At most `limit` tenants of an organisation in the order of their slugs, after the slug `after`.
pub async fn page(tx: &mut Tx, organisation: OrganisationId, after: &str, limit: i64) -> Result<Vec<Tenant>, Error> {
    tx.all(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at
         FROM tenant WHERE organisation_id = $1 AND slug > $2 ORDER BY slug LIMIT $3",
        &args![organisation, after, limit],
        from_row,
    )
    .await
}

/// Moves a tenant to another state; `failure` says why where that is [`TenantState::Failed`].
pub async fn set_state(
    tx: &mut Tx,
    id: TenantId,
    state: TenantState,
    failure: Option<String>,
    now: Timestamp,
) -> Result<(), Error> {
    tx.execute(
        "UPDATE tenant SET state = $2, failure = $3, updated_at = $4 WHERE id = $1",
        &args![id, state.as_str(), failure, now],
    )
    .await?;
    Ok(())
}

fn from_row(row: &Row) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: row.id("id")?,
        slug: row.parse("slug")?,
        short_id: row.text("short_id")?,
        name: row.text("name")?,
        issuer: row.text("issuer")?,
        organisation_id: row.opt_id("organisation_id")?,
        state: row.parse("state")?,
        failure: row.opt_text("failure")?,
        blueprint: row.parse("blueprint")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

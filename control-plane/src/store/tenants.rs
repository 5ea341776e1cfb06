//! Tenants.

use polder_db::{Error, Row, Tx, args};
use polder_kernel::{Slug, Timestamp};

use crate::model::tenant::Plans;
use crate::model::{Tenant, TenantId, TenantState};
use crate::provision::lookalike;

/// Adds a tenant. `false` when its slug is or was somebody's (G24).
pub async fn insert(tx: &mut Tx, tenant: &Tenant) -> Result<bool, Error> {
    let added = tx
        .execute(
            "INSERT INTO tenant (id, slug, short_id, name, issuer, organisation_id, state, blueprint, created_at, updated_at, skeleton)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)
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
                tenant.created_at,
                lookalike::skeleton(tenant.slug.as_str())
            ],
        )
        .await?;
    Ok(added == 1)
}

/// The tenant with this slug.
pub async fn by_slug(tx: &mut Tx, slug: &Slug) -> Result<Option<Tenant>, Error> {
    tx.optional(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at,
             desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, terminate_at, destroyed_at
         FROM tenant WHERE slug = $1",
        &args![slug.as_str()],
        from_row,
    )
    .await
}

/// The tenant with this id.
pub async fn by_id(tx: &mut Tx, id: TenantId) -> Result<Option<Tenant>, Error> {
    tx.optional(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at,
             desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, terminate_at, destroyed_at
         FROM tenant WHERE id = $1",
        &args![id],
        from_row,
    )
    .await
}

/// Every tenant of which something is left, oldest first.
pub async fn list(tx: &mut Tx) -> Result<Vec<Tenant>, Error> {
    tx.all(
        "SELECT id, slug, short_id, name, issuer, organisation_id, state, failure, blueprint, created_at, updated_at,
             desired, idle_after_seconds, wake_at, restart_at, desired_before, terminated_at, terminate_at, destroyed_at
         FROM tenant WHERE destroyed_at IS NULL ORDER BY id",
        &args![],
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

/// The slug, if there is one, that looks like this one.
pub async fn lookalike(tx: &mut Tx, slug: &Slug) -> Result<Option<String>, Error> {
    tx.optional(
        "SELECT slug FROM tenant WHERE skeleton = $1 AND slug <> $2 LIMIT 1",
        &args![lookalike::skeleton(slug.as_str()), slug.as_str()],
        |row| row.text("slug"),
    )
    .await
}

/// Writes down how slugs of before look. Cheap when there are none.
pub async fn complete_skeletons(tx: &mut Tx) -> Result<(), Error> {
    let bare = tx.all("SELECT slug FROM tenant WHERE skeleton IS NULL", &args![], |row| row.text("slug")).await?;
    for slug in bare {
        let skeleton = lookalike::skeleton(&slug);
        tx.execute("UPDATE tenant SET skeleton = $2 WHERE slug = $1", &args![slug, skeleton]).await?;
    }
    Ok(())
}

/// A tenant as stored.
pub(super) fn from_row(row: &Row) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: row.id("id")?,
        slug: row.parse("slug")?,
        short_id: row.text("short_id")?,
        name: row.text("name")?,
        issuer: row.text("issuer")?,
        organisation_id: row.opt_id("organisation_id")?,
        state: row.parse("state")?,
        failure: row.opt_text("failure")?,
        desired: row.parse("desired")?,
        blueprint: row.parse("blueprint")?,
        plans: Plans {
            idle_after_seconds: row.opt_int("idle_after_seconds")?,
            wake_at: row.opt_time("wake_at")?,
            restart_at: row.opt_time("restart_at")?,
            desired_before: row.opt_parse("desired_before")?,
            terminated_at: row.opt_time("terminated_at")?,
            terminate_at: row.opt_time("terminate_at")?,
            destroyed_at: row.opt_time("destroyed_at")?,
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

//! A new tenant, from the request to the first step.

use std::sync::Arc;

use polder_db::Error;
use polder_kernel::Slug;
use polder_kernel::slug::SlugError;

use super::desired::Blueprint;
use super::{lookalike, runner};
use crate::app::App;
use crate::audit::{self, ActingFor};
use crate::model::tenant::Plans;
use crate::model::{Aim, OperationId, OperationKind, OrganisationId, Tenant, TenantId, TenantState};
use crate::store::{operations, tenants};

/// A tenant to make.
#[derive(Clone, Debug)]
pub struct NewTenant {
    /// The first label of its host name.
    pub slug: Slug,
    /// The name people see: 1 to 80 characters, none of them a control character.
    pub name: String,
    /// Whose it will be.
    pub organisation_id: OrganisationId,
}

/// Why a tenant was not made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// The slug is kept for Polder, or would mislead people (G24).
    #[error(transparent)]
    Reserved(#[from] SlugError),
    /// The slug is or was another tenant's.
    #[error("this slug is taken")]
    Taken,
    /// The slug is too easily taken for another tenant's (G24).
    #[error("this slug looks like {0}, which is taken")]
    Lookalike(String),
    /// The name is empty, too long or not text.
    #[error("a name has 1 to 80 characters")]
    Name,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Makes a tenant and begins to bring it up. It is durable when this returns, in the state
/// `provisioning`; [`super::events`] tells how it goes on.
///
/// # Errors
/// [`CreateError`].
pub async fn create(app: &Arc<App>, acting: &ActingFor, new: NewTenant) -> Result<Tenant, CreateError> {
    new.slug.check_free()?;
    if lookalike::looks_reserved(&new.slug) {
        return Err(SlugError::Reserved.into());
    }
    let tenant = add(app, acting, (new.slug, new.name, Some(new.organisation_id)), Blueprint::Plain).await?;
    runner::drive(app, tenant.id, acting.actor);
    Ok(tenant)
}

/// Makes one of Polder's own tenants, whose slug no customer may choose, unless it is there.
pub(crate) async fn ensure(
    app: &Arc<App>,
    (slug, name): (Slug, &str),
    organisation: Option<OrganisationId>,
    blueprint: Blueprint,
) -> Result<Tenant, CreateError> {
    if let Some(tenant) = tenants::by_slug(&mut app.db.read().await?, &slug).await? {
        return Ok(tenant);
    }
    add(app, &ActingFor::system(), (slug, name.to_owned(), organisation), blueprint).await
}

async fn add(
    app: &Arc<App>,
    acting: &ActingFor,
    (slug, name, organisation_id): (Slug, String, Option<OrganisationId>),
    blueprint: Blueprint,
) -> Result<Tenant, CreateError> {
    let name = name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 80 || name.chars().any(char::is_control) {
        return Err(CreateError::Name);
    }
    let now = app.clock.now();
    let tenant = Tenant {
        id: TenantId::new(&app.clock, &app.entropy),
        issuer: app.settings.issuer(&slug),
        slug,
        short_id: short_id(app),
        name,
        organisation_id,
        state: TenantState::Provisioning,
        failure: None,
        desired: Aim::Running,
        blueprint,
        plans: Plans::default(),
        created_at: now,
        updated_at: now,
    };
    let operation = OperationId::new(&app.clock, &app.entropy);
    let event = audit::event("tenant.created", acting, Some(&tenant.slug), &[]);
    let (row, actor) = (tenant.clone(), acting.actor);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if let Some(other) = tenants::lookalike(tx, &row.slug).await? {
                    return Err(CreateError::Lookalike(other));
                }
                if !tenants::insert(tx, &row).await? {
                    return Err(CreateError::Taken);
                }
                operations::begin(tx, operation, (row.id, OperationKind::Create), &actor, now).await?;
                polder_audit::record(tx, event);
                Ok(())
            })
        })
        .await?;
    Ok(tenant)
}

/// Twelve letters and digits: 60 bits, so that no two meet, and short in a socket's path.
fn short_id(app: &App) -> String {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    app.entropy.bytes::<12>().iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect()
}

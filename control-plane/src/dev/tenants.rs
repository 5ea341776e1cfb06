//! The two tenants every `polder dev` has, and all the others of this folder.

use std::sync::Arc;

use polder_kernel::Slug;
use polder_kernel::slug::SlugError;

use super::problem::Problem;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Aim, OrganisationId, Tenant, TenantState};
use crate::provision::desired::Blueprint;
use crate::provision::{Action, change, create, resume, settled};
use crate::store::tenants;

/// The slug of the tenant the coaching platform signs in at.
///
/// # Errors
/// Never; the slug is well formed.
pub fn practice() -> Result<Slug, SlugError> {
    "practice".parse()
}

/// Makes `platform` and `practice` where they are missing, and brings every tenant up.
///
/// # Errors
/// When one of the two does not come up. Others that do not are marked as failed.
pub async fn bring_up(app: &Arc<App>, organisation: OrganisationId) -> Result<(Tenant, Tenant), Problem> {
    let practice = practice().map_err(|error| Problem::Create(error.into()))?;
    create::ensure(app, (Slug::platform(), "Polder"), None, Blueprint::Platform).await?;
    create::ensure(app, (practice.clone(), "Practice"), Some(organisation), Blueprint::Practice).await?;
    resume::all(app).await?;
    app.driver.end_strays().await.map_err(Problem::Strays)?;
    Ok((running(app, &Slug::platform()).await?, awake(app, &practice).await?))
}

/// What became of `practice` in its owner's hands stays so: only one that sleeps is woken, since the
/// coaching platform is about to ask it.
async fn awake(app: &Arc<App>, slug: &Slug) -> Result<Tenant, Problem> {
    let Some(tenant) = tenants::by_slug(&mut app.db.read().await?, slug).await? else {
        return running(app, slug).await;
    };
    match tenant.desired {
        Aim::Asleep => {
            let woken = change(app, &ActingFor::system(), tenant.id, Action::Wake).await;
            woken.map_err(|error| Problem::Tenant { slug: slug.to_string(), why: error.to_string() })?;
            settled(app, tenant.id, app.settings.patience.start).await;
            running(app, slug).await
        }
        Aim::Running => running(app, slug).await,
        Aim::Suspended | Aim::Terminating | Aim::Destroyed => Ok(tenant),
    }
}

async fn running(app: &App, slug: &Slug) -> Result<Tenant, Problem> {
    let tenant = tenants::by_slug(&mut app.db.read().await?, slug).await?;
    let failed = |why: &str| Problem::Tenant { slug: slug.to_string(), why: why.to_owned() };
    let tenant = tenant.ok_or_else(|| failed("it is not there"))?;
    match tenant.state {
        TenantState::Running => Ok(tenant),
        state => Err(failed(tenant.failure.as_deref().unwrap_or(state.as_str()))),
    }
}

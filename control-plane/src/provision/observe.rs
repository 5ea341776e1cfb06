//! What is there: looked up afresh before every step, in the file system, at the driver and at the tenant.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_tenant_api::{Application, Health, NewApplication, Page, Settings as Policy, User};

use super::desired::Desired;
use super::destroy;
use super::plan::{ApplicationState, Observed, Remains};
use super::steps::StepError;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::{Aim, Tenant};
use crate::secrets::Name;
use crate::store::{life, own_applications};
use crate::tenant_client::{self, CallError, ask};

/// How many pages of a list are read: a tenant that was broken into may say for ever that there is more.
const MOST_PAGES: usize = 200;

/// What is there of `tenant`. While its runtime does not answer, what only that can tell counts as
/// not there.
pub async fn observe(app: &App, tenant: &Tenant, desired: &Desired) -> Result<Observed, StepError> {
    let layout = &app.settings.layout;
    let short = tenant.short_id.as_str();
    let mut observed = Observed {
        folders: layout.tenant_data(short).is_dir() && layout.tenant_run(short).is_dir(),
        keys: [Name::TenantSeal(short), Name::TenantAdmin(short), Name::TenantAdminPublic(short)]
            .iter()
            .all(|name| app.secrets.has(name)),
        data: layout.tenant_data(short).join("tenant.db").exists() || app.secrets.has(&Name::TenantDatabaseMade(short)),
        ..Observed::default()
    };
    observed.route = app.routes.state(tenant.slug.as_str());
    observed.alive = app.driver.running(short) || app.links.has(tenant.id);
    observed.started_at = app.provision.started_at(tenant.id);
    if desired.aim == Aim::Destroyed {
        observed.remains = remains(app, tenant).await?;
        return Ok(observed);
    }
    let Some(health) = answer(app, tenant).await else {
        observed.database_due = match &app.postgres {
            Some(postgres) => !postgres.is_prepared(short).await?,
            None => false,
        };
        return Ok(observed);
    };
    (observed.runtime, observed.standing) = (true, health.standing);
    if desired.aim != Aim::Running {
        return Ok(observed);
    }
    if let Some(wanted) = desired.sign_up {
        let policy: Policy = get(app, tenant, "/settings").await?;
        observed.policy = policy.sign_up == wanted;
    }
    if !desired.applications.is_empty() {
        observed.applications = applications(app, tenant, desired).await?;
    }
    for person in &desired.people {
        let target = format!("/users?email={}", utf8_percent_encode(&person.email, NON_ALPHANUMERIC));
        let found: Page<User> = get(app, tenant, &target).await?;
        observed.people.push(!found.items.is_empty());
    }
    Ok(observed)
}

/// What a tenant that runs says of itself.
async fn answer(app: &App, tenant: &Tenant) -> Option<Health> {
    if !app.driver.running(&tenant.short_id) || !app.links.has(tenant.id) {
        return None;
    }
    tenant_client::health(app, tenant).await.ok().filter(|health| health.issuer == tenant.issuer)
}

/// What is left of a tenant.
pub(super) async fn remains(app: &App, tenant: &Tenant) -> Result<Remains, StepError> {
    let layout = &app.settings.layout;
    let keys = !destroy::secrets_of(app, tenant)?.is_empty();
    let mut tx = app.db.read().await?;
    let rows = !own_applications::of_tenant(&mut tx, tenant.id).await?.is_empty();
    let database = match &app.postgres {
        Some(postgres) => !postgres.remains(&tenant.short_id).await?.is_empty(),
        None => false,
    };
    Ok(Remains {
        inventory: life::inventory(&mut tx, tenant.id).await?.is_some(),
        keys,
        data: rows || database || layout.tenant(&tenant.short_id).symlink_metadata().is_ok(),
        certified: life::certificate(&mut tx, tenant.id).await?.is_some(),
    })
}

async fn applications(app: &App, tenant: &Tenant, desired: &Desired) -> Result<Vec<ApplicationState>, StepError> {
    let kept = own_applications::of_tenant(&mut app.db.read().await?, tenant.id).await?;
    let there = all_applications(app, tenant).await?;
    let state = |(purpose, wanted): &(super::desired::Purpose, NewApplication)| {
        let id = kept.iter().find(|row| row.purpose == purpose.as_str()).map(|row| row.client_id.as_str());
        let known = there.iter().find(|found| Some(found.client_id.to_string().as_str()) == id);
        match known {
            Some(found) if is_aligned(found, wanted) => ApplicationState::Ready,
            Some(found) => ApplicationState::Differs(found.client_id),
            None => match there.iter().find(|found| found.name == wanted.name) {
                Some(found) => ApplicationState::SecretUnknown(found.client_id),
                None => ApplicationState::Missing,
            },
        }
    };
    Ok(desired.applications.iter().map(state).collect())
}

fn is_aligned(found: &Application, wanted: &NewApplication) -> bool {
    found.redirect_uris == wanted.redirect_uris
        && found.post_logout_redirect_uris == wanted.post_logout_redirect_uris
        && (wanted.preferences.backchannel_logout_uri.is_none()
            || found.preferences.backchannel_logout_uri == wanted.preferences.backchannel_logout_uri)
        && found.access == wanted.access
}

async fn all_applications(app: &App, tenant: &Tenant) -> Result<Vec<Application>, StepError> {
    let mut all = Vec::new();
    let mut target = "/applications".to_owned();
    for _ in 0..MOST_PAGES {
        let page: Page<Application> = get(app, tenant, &target).await?;
        all.extend(page.items);
        let Some(cursor) = page.next else { return Ok(all) };
        target = format!("/applications?cursor={}", utf8_percent_encode(&cursor, NON_ALPHANUMERIC));
    }
    Err(CallError::Unreadable("its list of applications does not end".to_owned()).into())
}

async fn get<T: serde::de::DeserializeOwned>(app: &App, tenant: &Tenant, target: &str) -> Result<T, StepError> {
    Ok(ask(app, tenant, &ActingFor::system(), (Method::GET, target), None::<&()>).await?)
}

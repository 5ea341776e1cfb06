//! What is there: looked up afresh before every step, in the file system, at the driver and at the tenant.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_tenant_api::{Application, NewApplication, Page, Settings as Policy, User};

use super::desired::Desired;
use super::plan::{ApplicationState, Observed};
use super::steps::StepError;
use crate::app::App;
use crate::audit::ActingFor;
use crate::model::Tenant;
use crate::secrets::Name;
use crate::store::own_applications;
use crate::tenant_client::{self, ask};

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
        data: layout.tenant_data(short).join("tenant.db").exists(),
        ..Observed::default()
    };
    observed.runtime = runs(app, tenant).await;
    if !observed.runtime {
        return Ok(observed);
    }
    observed.route = app.routes.get(tenant.slug.as_str()).is_some();
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

async fn runs(app: &App, tenant: &Tenant) -> bool {
    app.driver.running(&tenant.short_id)
        && app.links.has(tenant.id)
        && tenant_client::health(app, tenant).await.is_ok_and(|health| health.issuer == tenant.issuer)
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
        && found.access == wanted.access
}

async fn all_applications(app: &App, tenant: &Tenant) -> Result<Vec<Application>, StepError> {
    let mut all = Vec::new();
    let mut target = "/applications".to_owned();
    loop {
        let page: Page<Application> = get(app, tenant, &target).await?;
        all.extend(page.items);
        let Some(cursor) = page.next else { return Ok(all) };
        target = format!("/applications?cursor={}", utf8_percent_encode(&cursor, NON_ALPHANUMERIC));
    }
}

async fn get<T: serde::de::DeserializeOwned>(app: &App, tenant: &Tenant, target: &str) -> Result<T, StepError> {
    Ok(ask(app, tenant, &ActingFor::system(), (Method::GET, target), None::<&()>).await?)
}

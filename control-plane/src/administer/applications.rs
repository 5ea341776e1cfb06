//! A tenant's applications.

use http::{Method, StatusCode};
use polder_tenant_api::connections::host;
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationId, ApplicationOrder, ApplicationSecret, ApplicationSecretId,
    CreatedApplication, CreatedSecret, NewApplication, Page, Preferences,
};

use super::{On, Part, Refused, target};
use crate::egress::needs;

/// A page of them in an order.
pub async fn list(on: &On, order: ApplicationOrder, part: &Part) -> Result<Page<Application>, Refused> {
    on.ask(&target("/applications", &[("sort", order.asked())], part)).await
}

/// One of them.
pub async fn show(on: &On, id: ApplicationId) -> Result<Application, Refused> {
    on.ask(&format!("/applications/{id}")).await
}

/// Makes one; its secret comes back this once.
pub async fn create(on: &On, new: &NewApplication) -> Result<CreatedApplication, Refused> {
    let made: CreatedApplication = on.change((Method::POST, "/applications"), Some(new)).await?;
    on.record(on.event("application.created").application(made.application.client_id)).await?;
    let_out(on, made.application.client_id, &new.preferences).await?;
    Ok(made)
}

/// Changes one.
pub async fn change(on: &On, id: ApplicationId, changes: &ApplicationChanges) -> Result<Application, Refused> {
    let changed = on.change((Method::PATCH, &format!("/applications/{id}")), Some(changes)).await?;
    on.record(on.event("application.changed").application(id)).await?;
    if let Some(preferences) = &changes.preferences {
        let_out(on, id, preferences).await?;
    }
    Ok(changed)
}

/// Deletes one.
pub async fn remove(on: &On, id: ApplicationId) -> Result<(), Refused> {
    let removed = on.delete(&format!("/applications/{id}")).await;
    // Also where it was gone: what was removed before, and then cut short, is brought to its end.
    if matches!(removed, Ok(()) | Err(Refused::Said(StatusCode::NOT_FOUND, _))) {
        needs::settle(&on.app, &on.tenant, &on.acting, (id, Vec::new())).await?;
    }
    removed?;
    on.record(on.event("application.removed").application(id)).await
}

/// Lets the tenant reach the host that is told of ended sessions and the one that publishes keys, as it was asked for
/// here: the tenant's own word opens nothing (P18). A host that cannot be opened is named by the log of what could
/// not be delivered.
async fn let_out(on: &On, id: ApplicationId, preferences: &Preferences) -> Result<(), Refused> {
    let addresses = [&preferences.backchannel_logout_uri, &preferences.jwks_uri];
    let mut hosts: Vec<_> = addresses.into_iter().flatten().filter_map(|uri| host(uri)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    let settled = needs::settle(&on.app, &on.tenant, &on.acting, (id, hosts)).await?;
    if !settled.refused.is_empty() {
        tracing::warn!(tenant = %on.tenant.slug, application = %id, "the way out it needs cannot be opened");
    }
    Ok(())
}

/// Gives one a further secret, which comes back this once.
pub async fn add_secret(on: &On, id: ApplicationId) -> Result<CreatedSecret, Refused> {
    let made = on.change((Method::POST, &format!("/applications/{id}/secrets")), None::<&()>).await?;
    on.record(on.event("application.secret_created").application(id)).await?;
    Ok(made)
}

/// The secrets of one that work, newest first, without themselves.
pub async fn secrets(on: &On, id: ApplicationId) -> Result<Page<ApplicationSecret>, Refused> {
    on.ask(&format!("/applications/{id}/secrets")).await
}

/// Takes a secret back: it stops working at once.
pub async fn remove_secret(on: &On, id: ApplicationId, secret: ApplicationSecretId) -> Result<(), Refused> {
    on.delete(&format!("/applications/{id}/secrets/{secret}")).await?;
    let event = on.event_with("application.secret_removed", &[("secret", &secret.to_string())]);
    on.record(event.application(id)).await
}

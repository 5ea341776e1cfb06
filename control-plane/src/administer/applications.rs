//! A tenant's applications.

use http::Method;
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationId, CreatedApplication, CreatedSecret, NewApplication, Page,
};

use super::{On, Part, Refused, target};

/// A page of them, newest first.
pub async fn list(on: &On, part: &Part) -> Result<Page<Application>, Refused> {
    on.ask(&target("/applications", &[], part)).await
}

/// One of them.
pub async fn show(on: &On, id: ApplicationId) -> Result<Application, Refused> {
    on.ask(&format!("/applications/{id}")).await
}

/// Makes one; its secret comes back this once.
pub async fn create(on: &On, new: &NewApplication) -> Result<CreatedApplication, Refused> {
    let made: CreatedApplication = on.change((Method::POST, "/applications"), Some(new)).await?;
    on.record(on.event("application.created").application(made.application.client_id)).await?;
    Ok(made)
}

/// Changes one.
pub async fn change(on: &On, id: ApplicationId, changes: &ApplicationChanges) -> Result<Application, Refused> {
    let changed = on.change((Method::PATCH, &format!("/applications/{id}")), Some(changes)).await?;
    on.record(on.event("application.changed").application(id)).await?;
    Ok(changed)
}

/// Deletes one.
pub async fn remove(on: &On, id: ApplicationId) -> Result<(), Refused> {
    on.delete(&format!("/applications/{id}")).await?;
    on.record(on.event("application.removed").application(id)).await
}

/// Gives one a further secret, which comes back this once.
pub async fn add_secret(on: &On, id: ApplicationId) -> Result<CreatedSecret, Refused> {
    let made = on.change((Method::POST, &format!("/applications/{id}/secrets")), None::<&()>).await?;
    on.record(on.event("application.secret_created").application(id)).await?;
    Ok(made)
}

//! People invited to a tenant's application by name.

use http::Method;
use polder_tenant_api::{ApplicationId, Invitee, Page, UserId};

use super::{On, Part, Refused, target};

/// A page of them, the latest first.
pub async fn list(on: &On, application: ApplicationId, part: &Part) -> Result<Page<Invitee>, Refused> {
    on.ask(&target(&format!("/applications/{application}/invitees"), &[], part)).await
}

/// Invites one.
pub async fn add(on: &On, application: ApplicationId, user: UserId) -> Result<(), Refused> {
    on.act(Method::PUT, &format!("/applications/{application}/invitees/{user}")).await?;
    on.record(on.event("application.invited").application(application).user(user)).await
}

/// Takes an invitation back.
pub async fn remove(on: &On, application: ApplicationId, user: UserId) -> Result<(), Refused> {
    on.delete(&format!("/applications/{application}/invitees/{user}")).await?;
    on.record(on.event("application.uninvited").application(application).user(user)).await
}

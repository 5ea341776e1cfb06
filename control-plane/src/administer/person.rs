//! One of a tenant's people: what they sign in with, what they let in, and what is kept about them.

use axum::response::Response;
use http::Method;
use polder_tenant_api::{ApplicationId, Factors, Page, UserApplication, UserId};

use super::{On, Refused};
use crate::sheet;

/// What somebody signs in with.
pub async fn factors(on: &On, user: UserId) -> Result<Factors, Refused> {
    on.ask(&format!("/users/{user}/factors")).await
}

/// Takes away somebody's authenticator app, with the recovery codes that stand in for it.
pub async fn remove_app(on: &On, user: UserId) -> Result<(), Refused> {
    on.delete(&format!("/users/{user}/authenticator-app")).await?;
    on.record(on.event("totp.removed").user(user)).await
}

/// The applications with access to somebody's account.
pub async fn applications(on: &On, user: UserId) -> Result<Page<UserApplication>, Refused> {
    on.ask(&format!("/users/{user}/applications")).await
}

/// Takes an application's access away.
pub async fn withdraw(on: &On, user: UserId, application: ApplicationId) -> Result<(), Refused> {
    on.delete(&format!("/users/{user}/applications/{application}")).await?;
    on.record(on.event("consent.withdrawn").user(user).application(application)).await
}

/// Sends the invitation again.
pub async fn invite(on: &On, user: UserId) -> Result<(), Refused> {
    on.act(Method::POST, &format!("/users/{user}/invitation")).await?;
    on.record(on.event("user.invited").user(user)).await
}

/// Everything that is kept about somebody, as they download it themselves, passed on as it comes: years of activity are
/// many megabytes. Both logs say who took it.
pub async fn data(on: &On, user: UserId) -> Result<Response, Refused> {
    let file = on.fetch(Method::POST, &format!("/users/{user}/data")).await?;
    on.record(on.event("data.downloaded").user(user)).await?;
    Ok(sheet::download("application/json", "person.json", file))
}

//! A tenant's people.

use http::Method;
use polder_tenant_api::{NewUser, Page, User, UserChanges, UserId};

use super::{On, Part, Refused, target};

/// A page of them, newest first, or the one with this address.
pub async fn list(on: &On, email: Option<&str>, part: &Part) -> Result<Page<User>, Refused> {
    on.ask(&target("/users", &[("email", email)], part)).await
}

/// One of them.
pub async fn show(on: &On, id: UserId) -> Result<User, Refused> {
    on.ask(&format!("/users/{id}")).await
}

/// Adds somebody.
pub async fn create(on: &On, new: &NewUser) -> Result<User, Refused> {
    let made: User = on.change((Method::POST, "/users"), Some(new)).await?;
    on.record(on.event("user.created").user(made.id)).await?;
    Ok(made)
}

/// Changes somebody.
pub async fn change(on: &On, id: UserId, changes: &UserChanges) -> Result<User, Refused> {
    let changed = on.change((Method::PATCH, &format!("/users/{id}")), Some(changes)).await?;
    on.record(on.event("user.changed").user(id)).await?;
    Ok(changed)
}

/// Erases somebody.
pub async fn erase(on: &On, id: UserId) -> Result<(), Refused> {
    on.delete(&format!("/users/{id}")).await?;
    on.record(on.event("user.erased").user(id)).await
}

/// Takes away somebody's app, recovery codes and passkeys, and ends their sessions.
pub async fn reset_factors(on: &On, id: UserId) -> Result<(), Refused> {
    on.delete(&format!("/users/{id}/factors")).await?;
    on.record(on.event("factors.reset").user(id)).await
}

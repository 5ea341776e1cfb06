//! A tenant's people.

use http::Method;
use polder_tenant_api::{NewUser, Page, User, UserChanges, UserFilter, UserId};

use super::{On, Part, Refused, target};

/// A page of those who are wanted.
pub async fn list(on: &On, wanted: &UserFilter, part: &Part) -> Result<Page<User>, Refused> {
    let yes_or_no = |asked: Option<bool>| asked.map(|yes| if yes { "true" } else { "false" });
    let pairs = [
        ("email", wanted.email.as_deref()),
        ("q", wanted.q.as_deref()),
        ("role", wanted.role.as_deref()),
        ("disabled", yes_or_no(wanted.disabled)),
        ("unverified", yes_or_no(wanted.unverified)),
        ("sort", wanted.sort.asked()),
    ];
    on.ask(&target("/users", &pairs, part)).await
}

/// The one with this address.
pub async fn with_address(on: &On, email: &str) -> Result<Option<User>, Refused> {
    let wanted = UserFilter { email: Some(email.to_owned()), ..UserFilter::default() };
    Ok(list(on, &wanted, &Part::default()).await?.items.into_iter().next())
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

//! The register of a tenant's sessions.

use polder_tenant_api::{Page, Session, SessionId, UserId};

use super::{On, Part, Refused, target};

/// A page of them, newest first; only those of `user` where one is named.
pub async fn list(on: &On, user: Option<&str>, part: &Part) -> Result<Page<Session>, Refused> {
    on.ask(&target("/sessions", &[("user_id", user)], part)).await
}

/// Ends one, with every grant tied to it.
pub async fn end(on: &On, id: SessionId) -> Result<(), Refused> {
    on.delete(&format!("/sessions/{id}")).await?;
    on.record(on.event("session.ended").session(id)).await
}

/// Ends all of a person's.
pub async fn end_all(on: &On, user: UserId) -> Result<(), Refused> {
    on.delete(&format!("/users/{user}/sessions")).await?;
    on.record(on.event("sessions.ended").user(user)).await
}

//! Who or what has to wait at a tenant.

use polder_tenant_api::{Lockout, LockoutId, Page};

use super::{On, Part, Refused, target};

/// Those that are not over; only those of `user` where one is named.
pub async fn list(on: &On, user: Option<&str>) -> Result<Page<Lockout>, Refused> {
    on.ask(&target("/lockouts", &[("user_id", user)], &Part::default())).await
}

/// Lifts one.
pub async fn lift(on: &On, id: LockoutId) -> Result<(), Refused> {
    on.delete(&format!("/lockouts/{id}")).await?;
    on.record(on.event_with("lockout.lifted", &[("lockout", &id.to_string())])).await
}

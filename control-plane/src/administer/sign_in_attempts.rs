//! How signing in went at the address of one of a tenant's people.

use polder_tenant_api::{AttemptOrder, Page, SignInAttempt, UserId};

use super::{On, Part, Refused, target};

/// The attempts of the last 30 days.
pub async fn list(on: &On, user: UserId, order: AttemptOrder) -> Result<Page<SignInAttempt>, Refused> {
    let path = format!("/users/{user}/sign-in-attempts");
    on.ask(&target(&path, &[("sort", order.asked())], &Part::default())).await
}

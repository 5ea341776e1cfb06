//! How signing in went at the address of one of a tenant's people.

use polder_tenant_api::{Page, SignInAttempt, UserId};

use super::{On, Refused};

/// The attempts of the last 30 days.
pub async fn list(on: &On, user: UserId) -> Result<Page<SignInAttempt>, Refused> {
    on.ask(&format!("/users/{user}/sign-in-attempts")).await
}

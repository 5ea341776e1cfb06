//! The passkeys of a tenant's people.

use polder_tenant_api::{Page, Passkey, PasskeyId, UserId};

use super::{On, Refused};

/// Those of a person.
pub async fn list(on: &On, user: UserId) -> Result<Page<Passkey>, Refused> {
    on.ask(&format!("/users/{user}/passkeys")).await
}

/// Removes one.
pub async fn remove(on: &On, user: UserId, id: PasskeyId) -> Result<(), Refused> {
    on.delete(&format!("/users/{user}/passkeys/{id}")).await?;
    on.record(on.event("passkey.removed").user(user)).await
}

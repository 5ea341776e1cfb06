//! Who may register an application at a tenant.

use http::Method;
use polder_tenant_api::{CreatedRegistrationToken, NewRegistrationToken, Page, RegistrationToken, RegistrationTokenId};

use super::{On, Part, Refused, target};

/// A page of them, newest first.
pub async fn list(on: &On, part: &Part) -> Result<Page<RegistrationToken>, Refused> {
    on.ask(&target("/registration-tokens", &[], part)).await
}

/// Makes one; its text comes back this once.
pub async fn create(on: &On, new: &NewRegistrationToken) -> Result<CreatedRegistrationToken, Refused> {
    let made: CreatedRegistrationToken = on.change((Method::POST, "/registration-tokens"), Some(new)).await?;
    let id = made.registration_token.id.to_string();
    on.record(on.event_with("registration_token.created", &[("registration_token", &id)])).await?;
    Ok(made)
}

/// Removes one: nothing is registered with it any more.
pub async fn remove(on: &On, id: RegistrationTokenId) -> Result<(), Refused> {
    on.delete(&format!("/registration-tokens/{id}")).await?;
    on.record(on.event_with("registration_token.removed", &[("registration_token", &id.to_string())])).await
}

//! Fields that a tenant adds to the profile of its people.

use http::Method;
use polder_tenant_api::{FieldDefinition, FieldOrder, Page, ProfileField};

use super::{On, Refused};

/// All of them, in the order in which people see them.
pub async fn list(on: &On) -> Result<Page<ProfileField>, Refused> {
    on.ask("/profile-fields").await
}

/// One of them.
pub async fn show(on: &On, name: &str) -> Result<ProfileField, Refused> {
    on.ask(&path(name)).await
}

/// Puts them in another order.
pub async fn put_in_order(on: &On, order: &FieldOrder) -> Result<Page<ProfileField>, Refused> {
    let fields = on.change((Method::PUT, "/profile-fields"), Some(order)).await?;
    on.record(on.event("profile_fields.ordered")).await?;
    Ok(fields)
}

/// Makes a field, or changes it.
pub async fn put(on: &On, name: &str, definition: &FieldDefinition) -> Result<ProfileField, Refused> {
    let field = on.change((Method::PUT, &path(name)), Some(definition)).await?;
    on.record(on.event_with("profile_field.changed", &[("name", name)])).await?;
    Ok(field)
}

/// Removes a field and everything that was filled in.
pub async fn remove(on: &On, name: &str) -> Result<(), Refused> {
    on.delete(&path(name)).await?;
    on.record(on.event_with("profile_field.removed", &[("name", name)])).await
}

/// Names are words of small letters, digits and underscores; [`crate::api::within::AtName`] lets no other in.
fn path(name: &str) -> String {
    format!("/profile-fields/{name}")
}

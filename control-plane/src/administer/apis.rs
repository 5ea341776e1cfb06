//! A tenant's APIs, which its applications may ask tokens for.

use http::Method;
use polder_tenant_api::{Api, ApiDefinition, Page};

use super::{On, Refused};

/// All of them, in the order they were made.
pub async fn list(on: &On) -> Result<Page<Api>, Refused> {
    on.ask("/apis").await
}

/// One of them.
pub async fn show(on: &On, name: &str) -> Result<Api, Refused> {
    on.ask(&path(name)).await
}

/// Makes an API, or changes what people call it.
pub async fn put(on: &On, name: &str, definition: &ApiDefinition) -> Result<Api, Refused> {
    let api = on.change((Method::PUT, &path(name)), Some(definition)).await?;
    on.record(on.event_with("api.changed", &[("name", name)])).await?;
    Ok(api)
}

/// Removes an API: no token is given for it any more.
pub async fn remove(on: &On, name: &str) -> Result<(), Refused> {
    on.delete(&path(name)).await?;
    on.record(on.event_with("api.removed", &[("name", name)])).await
}

/// Names are words of small letters, digits and underscores; [`crate::api::within::AtName`] lets no other in.
fn path(name: &str) -> String {
    format!("/apis/{name}")
}

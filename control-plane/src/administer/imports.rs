//! Many people at once.

use http::Method;
use polder_tenant_api::{NewUserImport, Page, UserImport, UserImportId};

use super::{On, Part, Refused, target};

/// A page of imports, newest first.
pub async fn list(on: &On, part: &Part) -> Result<Page<UserImport>, Refused> {
    on.ask(&target("/users/imports", &[], part)).await
}

/// One of them.
pub async fn show(on: &On, id: UserImportId) -> Result<UserImport, Refused> {
    on.ask(&format!("/users/imports/{id}")).await
}

/// Has a file checked, and where it may be, imported: then the answer has an id.
pub async fn begin(on: &On, new: &NewUserImport) -> Result<UserImport, Refused> {
    let import: UserImport = on.change((Method::POST, "/users/imports"), Some(new)).await?;
    if let Some(id) = import.id {
        on.record(on.event_with("user_import.began", &[("import", &id.to_string())])).await?;
    }
    Ok(import)
}

/// Ends one that is under way.
pub async fn cancel(on: &On, id: UserImportId) -> Result<(), Refused> {
    on.delete(&format!("/users/imports/{id}")).await?;
    on.record(on.event_with("user_import.cancelled", &[("import", &id.to_string())])).await
}

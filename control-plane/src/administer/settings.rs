//! A tenant's own choices.

use http::Method;
use polder_tenant_api::{Settings, SettingsChanges};

use super::{On, Refused};

/// What they are.
pub async fn show(on: &On) -> Result<Settings, Refused> {
    on.ask("/settings").await
}

/// Changes them.
pub async fn change(on: &On, changes: &SettingsChanges) -> Result<Settings, Refused> {
    let changed = on.change((Method::PATCH, "/settings"), Some(changes)).await?;
    on.record(on.event("settings.changed")).await?;
    Ok(changed)
}

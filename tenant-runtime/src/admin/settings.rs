//! `/settings`: the tenant's own choices.

use std::sync::Arc;

use axum::extract::State;
use polder_service::json::Json;
use polder_tenant_api::{Settings, SettingsChanges};

use super::{Caller, input};
use crate::App;
use crate::account::name;
use crate::error::{Internal, ProblemError};
use crate::store::settings;

/// `GET /settings`.
pub async fn show(State(app): State<Arc<App>>, _: Caller) -> Json<Settings> {
    Json(Settings::clone(&app.tenant.current()))
}

/// `PATCH /settings`.
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(changes): Json<SettingsChanges>,
) -> Result<Json<Settings>, ProblemError> {
    let new_name = changes.name.as_deref().map(name::checked).transpose();
    let new_name = new_name.map_err(|_| input::invalid("name is empty, too long or not plain text"))?;
    let current = app.tenant.current();
    let wanted = Settings {
        name: new_name.unwrap_or_else(|| current.name.clone()),
        sign_up: changes.sign_up.unwrap_or(current.sign_up),
        default_locale: changes.default_locale.unwrap_or(current.default_locale),
    };
    let (unit, stored) = (Arc::clone(&app), wanted.clone());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                if changes.name.is_some() {
                    settings::put(tx, "name", &stored.name, now).await?;
                }
                if changes.sign_up.is_some() {
                    settings::put(tx, "sign_up", word(&stored.sign_up)?.as_str(), now).await?;
                }
                if changes.default_locale.is_some() {
                    settings::put(tx, "default_locale", stored.default_locale.tag(), now).await?;
                }
                let details = serde_json::to_value(&changes)?;
                polder_audit::record(tx, caller.event("settings.changed").details(details));
                Ok::<_, Internal>(())
            })
        })
        .await?;
    app.tenant.replace(wanted.clone());
    Ok(Json(wanted))
}

/// A choice as the wire spells it: `open`, `closed`.
fn word(choice: &impl serde::Serialize) -> Result<String, Internal> {
    Ok(serde_json::to_value(choice)?.as_str().unwrap_or_default().to_owned())
}

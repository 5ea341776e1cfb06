//! `/settings`: the tenant's own choices.

use std::sync::Arc;

use axum::extract::State;
use polder_service::json::Json;
use polder_tenant_api::{PasskeyId, Settings, SettingsChanges};

use super::{Caller, input, to_the_end};
use crate::App;
use crate::account::name;
use crate::error::{Internal, ProblemError};
use crate::store::settings;

/// A limit on a person's sessions beyond which it would limit nothing.
const MOST_SESSIONS: u32 = 1_000;

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
    if changes.passkey_models.iter().flatten().any(|model| !is_aaguid(model)) {
        return Err(input::invalid("passkey_models are AAGUIDs such as ee882879-721c-4913-9775-3dfcce97072a"));
    }
    if changes.session_limit.is_some_and(|limit| limit > MOST_SESSIONS) {
        return Err(input::invalid("session_limit is 1000 at most, or 0 for no limit"));
    }
    to_the_end(async move {
        let now = app.clock.now();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    if let Some(name) = &new_name {
                        settings::put(tx, "name", name, now).await?;
                    }
                    if let Some(sign_up) = &changes.sign_up {
                        settings::put(tx, "sign_up", word(sign_up)?.as_str(), now).await?;
                    }
                    if let Some(models) = &changes.passkey_models {
                        settings::put(tx, "passkey_models", &models.join(" "), now).await?;
                    }
                    if let Some(limit) = changes.session_limit {
                        settings::put(tx, "session_limit", &limit.to_string(), now).await?;
                    }
                    if let Some(at) = &changes.at_session_limit {
                        settings::put(tx, "at_session_limit", word(at)?.as_str(), now).await?;
                    }
                    if let Some(locale) = changes.default_locale {
                        settings::put(tx, "default_locale", locale.tag(), now).await?;
                    }
                    let details = serde_json::to_value(&changes)?;
                    polder_audit::record(tx, caller.event("settings.changed").details(details));
                    Ok::<_, Internal>(())
                })
            })
            .await?;
        Ok(Json(Settings::clone(&*app.tenant.refresh(&app.db).await?)))
    })
    .await
}

/// In the one spelling that authenticators' models are compared in.
fn is_aaguid(text: &str) -> bool {
    text.parse::<PasskeyId>().is_ok()
}

/// A choice as the wire spells it: `open`, `closed`.
fn word(choice: &impl serde::Serialize) -> Result<String, Internal> {
    Ok(serde_json::to_value(choice)?.as_str().unwrap_or_default().to_owned())
}

//! `PUT /standing`: the control plane says whether this tenant is meant to serve, so that the tenant's
//! own log says so. What the world reaches is the gateway's to decide.

use std::sync::Arc;

use axum::extract::State;
use polder_db::Error;
use polder_service::json::Json;
use polder_tenant_api::{Standing, StandingChange};

use super::Caller;
use crate::App;
use crate::error::ProblemError;
use crate::store::settings;

/// The name of the setting.
const NAME: &str = "standing";

/// What the tenant was last told.
pub async fn current(app: &App) -> Result<Standing, Error> {
    let told = settings::get(&mut app.db.read().await?, NAME).await?;
    Ok(read(told.as_deref()))
}

/// `PUT /standing`. What is so already is not written down again.
pub async fn tell(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(change): Json<StandingChange>,
) -> Result<Json<StandingChange>, ProblemError> {
    let standing = change.standing;
    let action = match standing {
        Standing::Serving => "tenant.resumed",
        Standing::Suspended => "tenant.suspended",
        Standing::Terminating => "tenant.terminated",
    };
    let (event, now) = (caller.event(action), app.clock.now());
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if read(settings::get(tx, NAME).await?.as_deref()) != standing {
                    settings::put(tx, NAME, standing.as_str(), now).await?;
                    polder_audit::record(tx, event);
                }
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(Json(change))
}

fn read(told: Option<&str>) -> Standing {
    [Standing::Suspended, Standing::Terminating]
        .into_iter()
        .find(|standing| Some(standing.as_str()) == told)
        .unwrap_or_default()
}

//! `/applications/{id}/secrets`: which there are, and taking one back before it runs out (B18).

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationId, ApplicationSecret, ApplicationSecretId, Page};
use serde_json::json;

use super::{Caller, input, to_the_end};
use crate::App;
use crate::error::ProblemError;
use crate::secret_uses;
use crate::store::application_secrets::{self, StoredSecret};

/// `GET /applications/{id}/secrets`: those that work, newest first, with uses of a moment ago.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<ApplicationSecret>>, ProblemError> {
    let id = application(&app, &id)?;
    secret_uses::flush(&app).await?;
    let found = application_secrets::working(&mut app.db.read().await?, id, app.clock.now()).await?;
    Ok(Json(Page { items: found.into_iter().map(view).collect(), next: None }))
}

/// `DELETE /applications/{id}/secrets/{secret}`: it stops working at once. The last one stays.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, secret)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (id, secret): (ApplicationId, ApplicationSecretId) = (application(&app, &id)?, input::id(&secret)?);
    to_the_end(async move {
        let now = app.clock.now();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    if !application_secrets::working(tx, id, now).await?.iter().any(|one| one.id == secret) {
                        return Err(input::not_found());
                    }
                    if !application_secrets::revoke(tx, id, secret, now).await? {
                        let why = "the last secret stays: make another first";
                        return Err(Problem::conflict("last_secret", why).into());
                    }
                    let event = caller.event("application.secret_removed").application(id);
                    polder_audit::record(tx, event.details(json!({ "secret": secret.to_string() })));
                    Ok::<_, ProblemError>(())
                })
            })
            .await?;
        app.refresh_applications().await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn application(app: &App, id: &str) -> Result<ApplicationId, ProblemError> {
    app.applications.find(id).map(|application| application.id).ok_or_else(input::not_found)
}

fn view(secret: StoredSecret) -> ApplicationSecret {
    ApplicationSecret {
        id: secret.id,
        created_at: secret.created_at.rfc3339(),
        expires_at: secret.expires_at.map(polder_kernel::Timestamp::rfc3339),
        last_used_at: secret.last_used_at.map(polder_kernel::Timestamp::rfc3339),
    }
}

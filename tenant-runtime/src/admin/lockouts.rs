//! `/lockouts`: who or what has to wait, to look at and to lift (K19).

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Lockout, LockoutId, Page};
use serde::Deserialize;
use serde_json::json;

use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::guard::lockout;

/// What a list of lockouts may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    user_id: Option<String>,
}

/// `GET /lockouts`: those that are not over, newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<Lockout>>, ProblemError> {
    let Ok(user) = filter.user_id.as_deref().map(str::parse).transpose() else {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    };
    let items = lockout::list(&app, &mut app.db.read().await?, user).await?;
    Ok(Json(Page { items, next: None }))
}

/// `DELETE /lockouts/{id}`: lifts one, so that its counter begins anew.
pub async fn lift(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: LockoutId = input::id(&id)?;
    let lifted = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some((kind, user)) = lockout::lift(tx, id).await? else { return Ok(false) };
                let event = caller.event("lockout.lifted").details(json!({ "kind": kind }));
                polder_audit::record(tx, user.into_iter().fold(event, |event, user| event.user(user.to_string())));
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    if lifted { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

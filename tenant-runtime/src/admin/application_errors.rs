//! `/applications/{id}/errors`: what an application was refused lately.

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_service::json::Json;
use polder_tenant_api::{ApplicationError, Page};

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::refusals;

/// `GET /applications/{id}/errors`: newest first, those of a moment ago among them.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<ApplicationError>>, ProblemError> {
    let application = app.applications.find(&id).ok_or_else(input::not_found)?;
    refusals::flush(&app).await?;
    let items = refusals::list(&mut app.db.read().await?, application.id).await?;
    Ok(Json(Page { items, next: None }))
}

//! `/users/{id}/sign-in-attempts`: how signing in went at somebody's address these 30 days (R3).

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_service::json::Json;
use polder_tenant_api::{Page, SignInAttempt};

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::guard::attempts;
use crate::store::users;

/// `GET /users/{id}/sign-in-attempts`: newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<SignInAttempt>>, ProblemError> {
    let mut tx = app.db.read().await?;
    let user = users::by_id(&mut tx, &app.keyring, input::id(&id)?).await?.ok_or_else(input::not_found)?;
    let items = attempts::of_person(&app, &mut tx, &user).await?;
    Ok(Json(Page { items, next: None }))
}

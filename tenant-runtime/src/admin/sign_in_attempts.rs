//! `/users/{id}/sign-in-attempts`: how signing in went at somebody's address these 30 days (R3).

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_service::json::Json;
use polder_tenant_api::{AttemptOrder, Page, SignInAttempt};
use serde::Deserialize;

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::guard::attempts;
use crate::store::users;

/// What the list may be asked for.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    sort: Option<AttemptOrder>,
}

/// `GET /users/{id}/sign-in-attempts`: newest first unless asked otherwise. It is never long.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
    input::Query(wanted): input::Query<Wanted>,
) -> Result<Json<Page<SignInAttempt>>, ProblemError> {
    let mut tx = app.db.read().await?;
    let user = users::by_id(&mut tx, &app.keyring, input::id(&id)?).await?.ok_or_else(input::not_found)?;
    let mut items = attempts::of_person(&app, &mut tx, &user).await?;
    in_order(&mut items, wanted.sort.unwrap_or_default());
    Ok(Json(Page { items, next: None }))
}

fn in_order(items: &mut [SignInAttempt], order: AttemptOrder) {
    match order {
        // As they are read.
        AttemptOrder::Newest => {}
        AttemptOrder::Oldest => items.reverse(),
        AttemptOrder::BeganLast => items.sort_by(|a, b| b.first_at.cmp(&a.first_at)),
        AttemptOrder::BeganFirst => items.sort_by(|a, b| a.first_at.cmp(&b.first_at)),
        AttemptOrder::Most => items.sort_by_key(|attempt| std::cmp::Reverse(attempt.count)),
        AttemptOrder::Fewest => items.sort_by_key(|attempt| attempt.count),
    }
}

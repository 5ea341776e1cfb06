//! `/sessions`: the register, to look at and to end (E11).

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Page, Session, SessionId, SessionKind, UserId};
use serde::Deserialize;

use super::{Caller, input, views};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::store::{sessions, users};

/// What a list of sessions may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    user_id: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /sessions`: newest first, ended ones included.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<Session>>, ProblemError> {
    let limit = input::limit(filter.limit);
    let cursor = input::cursor::<SessionKind>(filter.cursor.as_deref())?;
    let user = match filter.user_id.as_deref().map(str::parse).transpose() {
        Ok(user) => user,
        Err(_) => return Ok(Json(Page { items: Vec::new(), next: None })),
    };
    let mut tx = app.db.read().await?;
    let rows = sessions::page(&mut tx, &app.keyring, user, cursor, limit + 1).await?;
    let (rows, next) = input::cut(rows, limit, |listed| (listed.session.created_at, listed.session.id));
    Ok(Json(Page { items: rows.into_iter().map(views::session).collect(), next }))
}

/// `DELETE /sessions/{id}`: ends it, with every grant tied to it. Ending it twice is no error.
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: SessionId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let known = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(user) = sessions::owner(tx, id).await? else { return Ok(false) };
                if sessions::end(tx, id, "admin", unit.clock.now()).await? {
                    let event = caller.event("session.ended").user(user.to_string()).session(id.to_string());
                    polder_audit::record(tx, event);
                }
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    if known { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// `DELETE /users/{id}/sessions`: ends all of a person's, with every grant of theirs. There may be none.
pub async fn end_all(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if users::by_id(tx, &unit.keyring, id).await?.is_none() {
                    return Ok(false);
                }
                for session in sessions::end_all_of(tx, id, "admin", unit.clock.now()).await? {
                    polder_audit::record(tx, caller.event("session.ended").user(id).session(session));
                }
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

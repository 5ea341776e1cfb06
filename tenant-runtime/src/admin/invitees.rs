//! `/applications/{id}/invitees`: who may sign in where access is by invitation.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationId, Invitee, Page, UserId, UserKind};
use serde::Deserialize;

use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::store::{grants, invitees, users};

/// What a list of invitees may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /applications/{id}/invitees`: the latest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<Invitee>>, ProblemError> {
    let application = known(&app, &id)?;
    let limit = input::limit(filter.limit);
    let cursor = input::cursor::<UserKind>(filter.cursor.as_deref())?;
    let invited = invitees::of(&mut app.db.read().await?, application, cursor, limit + 1).await?;
    let (invited, next) = input::cut(invited, limit, |(user_id, at)| (*at, *user_id));
    let items = invited.into_iter().map(|(user_id, at)| Invitee { user_id, invited_at: at.rfc3339() });
    Ok(Json(Page { items: items.collect(), next }))
}

/// `PUT /applications/{id}/invitees/{user_id}`: inviting twice is no error.
pub async fn add(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, user_id)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (application, user): (_, UserId) = (known(&app, &id)?, input::id(&user_id)?);
    let now = app.clock.now();
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if invitees::add(tx, application, user, now).await? {
                    polder_audit::record(tx, caller.event("application.invited").application(application).user(user));
                    return Ok(true);
                }
                Ok::<_, Internal>(users::is_invited(tx, application, user).await?)
            })
        })
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// `DELETE /applications/{id}/invitees/{user_id}`: what the application was granted ends at once.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, user_id)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (application, user): (_, UserId) = (known(&app, &id)?, input::id(&user_id)?);
    let now = app.clock.now();
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let there = invitees::remove(tx, application, user).await?;
                if there {
                    grants::revoke_of_user_at(tx, application, user, "uninvited", now).await?;
                    let event = caller.event("application.uninvited").application(application).user(user);
                    polder_audit::record(tx, event);
                }
                Ok::<_, Internal>(there)
            })
        })
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// The application of a path, if there is one.
fn known(app: &App, id: &str) -> Result<ApplicationId, ProblemError> {
    let id: ApplicationId = input::id(id)?;
    app.applications.find(&id.to_string()).map(|_| id).ok_or_else(input::not_found)
}

//! `/users/{id}/factors`: what a person signs in with besides their address.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_tenant_api::UserId;

use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::factors::lost;
use crate::store::users;

/// `DELETE /users/{id}/factors`: takes away app, recovery codes and passkeys of somebody who lost them, and
/// ends their sessions. They are told at every address, and set up new ones at their next sign-in.
pub async fn reset(
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
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(false) };
                lost::reset(&unit, tx, &user, |action| caller.event(action).user(id)).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

//! What an administrator does for one person: invite them again, hand out what is kept about them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::UserId;
use serde_json::Value;

use super::{Caller, input, invitation};
use crate::account::data as file;
use crate::error::{Internal, ProblemError};
use crate::store::{outbox, users};
use crate::{App, audit};

/// How soon somebody may be invited again.
const PAUSE: Duration = Duration::from_secs(60);

/// `POST /users/{id}/invitation`: sends the invitation, once more where one went before. Who has proved their address
/// needs none, and who is stopped from signing in gets none.
pub async fn invite(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let invited = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(Invited::Nobody) };
                if user.disabled_at.is_some() {
                    return Ok(Invited::Stopped);
                }
                if user.email_verified_at.is_some() {
                    return Ok(Invited::NotNeeded);
                }
                let last = outbox::last_of(tx, id, invitation::TEMPLATE).await?;
                if last.is_some_and(|last| unit.clock.now() < last + PAUSE) {
                    return Ok(Invited::JustNow);
                }
                invitation::put(&unit, tx, &user).await?;
                polder_audit::record(tx, caller.event("user.invited").user(id));
                Ok::<_, Internal>(Invited::Done)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    match invited {
        Invited::Done => Ok(StatusCode::NO_CONTENT),
        Invited::Nobody => Err(input::not_found()),
        Invited::Stopped => Err(Problem::conflict("user_disabled", "they are stopped from signing in").into()),
        Invited::NotNeeded => Err(Problem::conflict("address_proved", "they have signed in before").into()),
        Invited::JustNow => {
            Err(Problem::conflict("invited_just_now", "an invitation left less than a minute ago").into())
        }
    }
}

enum Invited {
    Done,
    Nobody,
    Stopped,
    NotNeeded,
    JustNow,
}

/// `POST /users/{id}/data`: everything that is kept about a person, as they download it themselves (GDPR art. 15).
/// That somebody took it is in the log before they have it, hence no GET.
pub async fn data(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Value>, ProblemError> {
    let id: UserId = input::id(&id)?;
    let mut tx = app.db.read().await?;
    let user = users::by_id(&mut tx, &app.keyring, id).await?.ok_or_else(input::not_found)?;
    let file = file::collect(&app, &mut tx, &user).await?;
    drop(tx);
    let event = audit::about(&app, caller.event("data.downloaded"), &user)?;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, event);
                Ok::<_, Internal>(())
            })
        })
        .await?;
    Ok(Json(file))
}

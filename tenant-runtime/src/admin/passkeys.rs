//! `/users/{id}/passkeys`: a person's passkeys, to look at and to remove. There is no call that adds one:
//! only the person can.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{Page, Passkey, PasskeyId, UserId};
use serde_json::json;

use super::{Caller, input, views};
use crate::App;
use crate::account::notice::{self, Change};
use crate::error::{Internal, ProblemError};
use crate::store::{passkeys, users};

/// `GET /users/{id}/passkeys`: oldest first, all on one page: a person has few.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<Passkey>>, ProblemError> {
    let user: UserId = input::id(&id)?;
    let mut tx = app.db.read().await?;
    users::by_id(&mut tx, &app.keyring, user).await?.ok_or_else(input::not_found)?;
    let found = passkeys::of_user(&mut tx, &app.keyring, user, None).await?;
    Ok(Json(Page { items: found.into_iter().map(views::passkey).collect(), next: None }))
}

/// `DELETE /users/{id}/passkeys/{passkey_id}`: it no longer signs in. The person is told, and can bring
/// it back for two weeks.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((user, id)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (user, id): (UserId, PasskeyId) = (input::id(&user)?, input::id(&id)?);
    let unit = Arc::clone(&app);
    let removed = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(person) = users::by_id(tx, &unit.keyring, user).await? else { return Ok(false) };
                let all = passkeys::of_user(tx, &unit.keyring, user, None).await?;
                let Some(passkey) = all.into_iter().find(|passkey| passkey.id == id) else { return Ok(false) };
                if passkeys::remove(tx, id, user, unit.clock.now()).await? {
                    let event = caller.event("passkey.removed").user(user);
                    polder_audit::record(tx, event.details(json!({ "passkey": id.to_string() })));
                    let change = Change::PasskeyRemoved { model: passkey.model().map(str::to_owned) };
                    notice::put(&unit, tx, &person, None, change).await?;
                }
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    if removed { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

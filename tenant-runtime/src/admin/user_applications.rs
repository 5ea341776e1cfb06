//! `/users/{id}/applications`: which applications have access to a person's account, and taking it away.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_service::json::Json;
use polder_tenant_api::{ApplicationId, Page, UserApplication, UserId};

use super::{Caller, input};
use crate::App;
use crate::account::applications;
use crate::error::{Internal, ProblemError};
use crate::store::{consents, users};

/// `GET`: all of them; a person uses few.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Page<UserApplication>>, ProblemError> {
    let id: UserId = input::id(&id)?;
    let mut tx = app.db.read().await?;
    users::by_id(&mut tx, &app.keyring, id).await?.ok_or_else(input::not_found)?;
    let agreed: HashMap<ApplicationId, String> = consents::of_user(&mut tx, id)
        .await?
        .into_iter()
        .filter(|consent| consent.ended_at.is_none())
        .map(|consent| (consent.application_id, consent.given_at.rfc3339()))
        .collect();
    let items = applications::granted(&app, &mut tx, id).await?.into_iter().map(|one| UserApplication {
        application_id: one.id,
        name: one.name,
        since: one.since.rfc3339(),
        scopes: one.scopes,
        consented_at: agreed.get(&one.id).cloned(),
    });
    Ok(Json(Page { items: items.collect(), next: None }))
}

/// `DELETE …/{application_id}`: what it was granted ends, and what the person agreed to. They may agree again.
pub async fn withdraw(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path((id, application)): Path<(String, String)>,
) -> Result<StatusCode, ProblemError> {
    let (id, application): (UserId, ApplicationId) = (input::id(&id)?, input::id(&application)?);
    let unit = Arc::clone(&app);
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                if users::by_id(tx, &unit.keyring, id).await?.is_none() {
                    return Ok(false);
                }
                let had = consents::withdraw(tx, id, application, unit.clock.now()).await?;
                if had {
                    polder_audit::record(tx, caller.event("consent.withdrawn").user(id).application(application));
                }
                Ok::<_, Internal>(had)
            })
        })
        .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

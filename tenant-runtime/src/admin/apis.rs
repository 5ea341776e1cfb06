//! `/apis`: what applications may ask tokens for (RFC 8707; B79). After each write the applications in memory,
//! which know their APIs, are read again.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_protocol::resource;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{Api, ApiDefinition, Page};

use super::{Caller, addresses, input, to_the_end};
use crate::App;
use crate::account::name as plain;
use crate::error::ProblemError;
use crate::store::apis::{self, StoredApi};
use crate::store::applications;

/// The most APIs of a tenant.
const MOST: usize = 100;
/// The longest identifier, in bytes.
const LONGEST: usize = 255;

/// `GET /apis`: all of them, in the order they were made.
pub async fn list(State(app): State<Arc<App>>, _: Caller) -> Result<Json<Page<Api>>, ProblemError> {
    let all = apis::all(&mut app.db.read().await?).await?;
    Ok(Json(Page { items: all.into_iter().map(view).collect(), next: None }))
}

/// `GET /apis/{name}`.
pub async fn show(State(app): State<Arc<App>>, _: Caller, Path(name): Path<String>) -> Result<Json<Api>, ProblemError> {
    let all = apis::all(&mut app.db.read().await?).await?;
    Ok(Json(view(all.into_iter().find(|api| api.name == name).ok_or_else(input::not_found)?)))
}

/// `PUT /apis/{name}`: makes an API, or changes what people call it.
pub async fn put(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
    Json(definition): Json<ApiDefinition>,
) -> Result<(StatusCode, Json<Api>), ProblemError> {
    check(&app, &name, &definition)?;
    to_the_end(async move {
        let now = app.clock.now();
        let details = serde_json::json!({ "name": name, "definition": definition });
        let (api, made) = app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    let all = apis::all(tx).await?;
                    let before = all.iter().find(|api| api.name == name);
                    if before.is_none() && all.len() >= MOST {
                        return Err(Problem::conflict("too_many_apis", "there are 100 APIs already").into());
                    }
                    let api = StoredApi {
                        created_at: before.map_or(now, |api| api.created_at),
                        updated_at: now,
                        identifier: definition.identifier,
                        title: definition.title,
                        name,
                    };
                    if !apis::put(tx, &api).await? {
                        let why = "an identifier stays with its API: remove it, or make another";
                        return Err(Problem::conflict("identifier_fixed", why).into());
                    }
                    polder_audit::record(tx, caller.event("api.changed").details(details));
                    Ok::<_, ProblemError>((api, before.is_none()))
                })
            })
            .await?;
        app.refresh_applications().await?;
        let status = if made { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, Json(view(api))))
    })
    .await
}

/// `DELETE /apis/{name}`: no token is given for it any more.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(name): Path<String>,
) -> Result<StatusCode, ProblemError> {
    to_the_end(async move {
        let issuer = app.issuer.as_str().to_owned();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    let all = applications::all(tx, &issuer).await?;
                    if all.iter().any(|application| application.preferences.apis.contains(&name)) {
                        return Err(Problem::conflict("in_use", "an application may ask tokens for it").into());
                    }
                    if !apis::remove(tx, &name).await? {
                        return Err(input::not_found());
                    }
                    let details = serde_json::json!({ "name": name });
                    polder_audit::record(tx, caller.event("api.removed").details(details));
                    Ok::<_, ProblemError>(())
                })
            })
            .await?;
        app.refresh_applications().await?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

fn check(app: &App, name: &str, definition: &ApiDefinition) -> Result<(), ProblemError> {
    let wrong = |pointer: &'static str, detail: &'static str| {
        ProblemError::from(Problem::invalid(Vec::new()).error(pointer, detail))
    };
    let is_word = (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !is_word {
        return Err(input::not_found());
    }
    let ApiDefinition { identifier, title } = definition;
    if identifier.len() > LONGEST || !resource::is_absolute(identifier) {
        return Err(wrong("/identifier", "an absolute URI without a fragment, of 255 characters at most"));
    }
    // Tokens for us are not another API's to take.
    if identifier == app.issuer.as_str() || addresses::is_ours(app, identifier) {
        return Err(wrong("/identifier", "addresses of the issuer are its own"));
    }
    if title.as_deref().is_some_and(|title| plain::checked(title).is_err()) {
        return Err(wrong("/title", "1 to 100 characters of plain text"));
    }
    Ok(())
}

fn view(api: StoredApi) -> Api {
    Api {
        name: api.name,
        identifier: api.identifier,
        title: api.title,
        created_at: api.created_at.rfc3339(),
        updated_at: api.updated_at.rfc3339(),
    }
}

//! `/applications`: OAuth clients. After each write the ones in memory are read again.

use std::sync::Arc;

use axum::extract::{Path, State};
use futures_util::future::BoxFuture;
use http::StatusCode;
use polder_db::Tx;
use polder_service::json::Json;
use polder_tenant_api::{
    Application, ApplicationChanges, ApplicationId, ApplicationOrder, CreatedApplication, CreatedSecret,
    NewApplication, Page,
};
use serde::Deserialize;

use super::sorted::{self, Direction};
use super::{Caller, input, preferences, registration, to_the_end, views};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::model;
use crate::store::{apis, applications};

/// What the list may be asked for.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    sort: Option<ApplicationOrder>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /applications`: newest first unless asked otherwise.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(wanted): input::Query<Wanted>,
) -> Result<Json<Page<Application>>, ProblemError> {
    let all = applications::all(&mut app.db.read().await?, app.issuer.as_str()).await?;
    let part = input::Part::new(wanted.cursor, wanted.limit);
    let made = |application: &model::Application| (sorted::moment(application.created_at), application.id);
    let called = |application: &model::Application| (application.name.to_lowercase(), application.id);
    let (items, next) = match wanted.sort.unwrap_or_default() {
        ApplicationOrder::Newest => sorted::page(&part, all, made, Direction::Down)?,
        ApplicationOrder::Oldest => sorted::page(&part, all, made, Direction::Up)?,
        ApplicationOrder::Name => sorted::page(&part, all, called, Direction::Up)?,
        ApplicationOrder::NameBackwards => sorted::page(&part, all, called, Direction::Down)?,
    };
    Ok(Json(Page { items: items.iter().map(views::application).collect(), next }))
}

/// `POST /applications`: answers with the secret, this once.
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(new): Json<NewApplication>,
) -> Result<(StatusCode, Json<CreatedApplication>), ProblemError> {
    let application = registration::accept(&app, new)?;
    let secret = application.client.auth_method.has_secret().then(|| registration::secret(&app));
    let (client_secret, stored) = secret.map_or((None, None), |(secret, stored)| (Some(secret), Some(stored)));
    let (created, now) = (application.clone(), app.clock.now());
    write(app, move |tx| {
        Box::pin(async move {
            known_apis(tx, &created).await?;
            applications::add(tx, &created).await?;
            if let Some(secret) = &stored {
                applications::add_secret(tx, created.id, secret, now).await?;
            }
            polder_audit::record(tx, caller.event("application.created").application(created.id));
            Ok(())
        })
    })
    .await?;
    let client_secret = client_secret.map(|secret| secret.expose().clone());
    Ok((StatusCode::CREATED, Json(CreatedApplication { application: views::application(&application), client_secret })))
}

/// `GET /applications/{id}`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Application>, ProblemError> {
    Ok(Json(views::application(&*find(&app, &id)?)))
}

/// `PATCH /applications/{id}`.
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(changes): Json<ApplicationChanges>,
) -> Result<Json<Application>, ProblemError> {
    let id: ApplicationId = input::id(&id)?;
    let details = serde_json::to_value(&changes).map_err(Internal::from)?;
    let unit = Arc::clone(&app);
    let changed = write(app, move |tx| {
        Box::pin(async move {
            // What is stored now, not what was in memory when the call came: another may have changed it.
            let current = applications::find(tx, unit.issuer.as_str(), id).await?.ok_or_else(input::not_found)?;
            let changed = registration::accept_changes(&unit, &current, changes)?;
            known_apis(tx, &changed).await?;
            applications::update(tx, &changed).await?;
            polder_audit::record(tx, caller.event("application.changed").application(id).details(details));
            Ok(changed)
        })
    })
    .await?;
    Ok(Json(views::application(&changed)))
}

/// `DELETE /applications/{id}`: with its secrets, codes and grants.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: ApplicationId = input::id(&id)?;
    let there = write(app, move |tx| {
        Box::pin(async move {
            let there = applications::remove(tx, id).await?;
            if there {
                polder_audit::record(tx, caller.event("application.removed").application(id));
            }
            Ok(there)
        })
    })
    .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// `POST /applications/{id}/secrets`: a further secret, shown this once; earlier ones run out (B18).
pub async fn add_secret(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<CreatedSecret>), ProblemError> {
    let application = find(&app, &id)?;
    if !application.client.auth_method.has_secret() {
        return Err(input::invalid("this application keeps no secret"));
    }
    let (secret, stored) = registration::secret(&app);
    let until = app.clock.now() + registration::OVERLAP;
    let (id, had_one) = (application.id, !application.secrets.is_empty());
    write(app, move |tx| {
        Box::pin(async move {
            applications::add_secret(tx, id, &stored, until).await?;
            polder_audit::record(tx, caller.event("application.secret_created").application(id));
            Ok(())
        })
    })
    .await?;
    let previous_expire_at = had_one.then(|| until.rfc3339());
    Ok((StatusCode::CREATED, Json(CreatedSecret { client_secret: secret.expose().clone(), previous_expire_at })))
}

/// Refuses APIs that the tenant does not have.
async fn known_apis(tx: &mut Tx, application: &model::Application) -> Result<(), ProblemError> {
    let named = &application.preferences.apis;
    if named.is_empty() {
        return Ok(());
    }
    let all = apis::all(tx).await?;
    if named.iter().all(|name| all.iter().any(|api| api.name == *name)) {
        return Ok(());
    }
    Err(preferences::wrong("/preferences/apis", "each names an API of this tenant"))
}

/// Stores a change and reads the applications again; both happen even if the caller hangs up.
async fn write<T, F>(app: Arc<App>, work: F) -> Result<T, ProblemError>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, ProblemError>> + Send + 'static,
{
    to_the_end(async move {
        let done = app.db.write(work).await?;
        app.refresh_applications().await?;
        Ok(done)
    })
    .await
}

fn find(app: &App, id: &str) -> Result<Arc<model::Application>, ProblemError> {
    app.applications.find(id).ok_or_else(input::not_found)
}

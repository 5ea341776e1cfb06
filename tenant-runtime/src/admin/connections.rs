//! `/connections`: outside identity providers. Secrets come in and never go out.

use std::sync::Arc;

use axum::extract::{Path, State};
use futures_util::future::BoxFuture;
use http::StatusCode;
use polder_db::Tx;
use polder_outbound::egress::Limits;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::Page;
use polder_tenant_api::connections::{
    Connection, ConnectionChanges, ConnectionCheck, ConnectionId, NewConnection, WriteOnly, host, hosts,
};
use serde_json::json;

use super::{Caller, connecting, input, to_the_end};
use crate::connections::{Problem as Trouble, client};
use crate::error::ProblemError;
use crate::store::connections;
use crate::{App, model};

/// The most connections of a tenant: a sign-in page with more is none.
const MOST: i64 = 32;

/// `GET /connections`: newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(part): input::Query<input::Part>,
) -> Result<Json<Page<Connection>>, ProblemError> {
    let all = connections::all(&mut app.db.read().await?).await?;
    let (items, next) = part.of(all, |connection| (connection.created_at, connection.id))?;
    Ok(Json(Page { items: items.iter().map(|connection| view(&app, connection)).collect(), next }))
}

/// `POST /connections`.
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(new): Json<NewConnection>,
) -> Result<(StatusCode, Json<Connection>), ProblemError> {
    let secret = new.client_secret.clone();
    let connection = connecting::accept(&app, new)?;
    let (unit, created) = (Arc::clone(&app), connection.clone());
    write(app.clone(), move |tx| {
        Box::pin(async move {
            let secret = secret.as_ref().map(WriteOnly::expose);
            if !connections::add(tx, &unit.keyring, &created, secret, MOST).await? {
                return Err(input::invalid("there are as many connections as there can be"));
            }
            let details = json!({ "connection": created.id, "provider": created.provider });
            polder_audit::record(tx, caller.event("connection.created").details(details));
            Ok(())
        })
    })
    .await?;
    Ok((StatusCode::CREATED, Json(view(&app, &connection))))
}

/// `GET /connections/{id}`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Connection>, ProblemError> {
    let id: ConnectionId = input::id(&id)?;
    let found = connections::find(&mut app.db.read().await?, id).await?.ok_or_else(input::not_found)?;
    Ok(Json(view(&app, &found)))
}

/// `PATCH /connections/{id}`.
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(changes): Json<ConnectionChanges>,
) -> Result<Json<Connection>, ProblemError> {
    let id: ConnectionId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let changed = write(app.clone(), move |tx| {
        Box::pin(async move {
            let current = connections::find(tx, id).await?.ok_or_else(input::not_found)?;
            let secret = changes.client_secret.clone();
            let mut fields: Vec<_> = connecting::fields(&changes);
            fields.sort_unstable();
            let changed = connecting::accept_changes(&unit, &current, changes)?;
            connections::update(tx, &unit.keyring, &changed, secret.as_ref().map(WriteOnly::expose)).await?;
            let details = json!({ "connection": id, "fields": fields });
            polder_audit::record(tx, caller.event("connection.changed").details(details));
            Ok(changed)
        })
    })
    .await?;
    Ok(Json(view(&app, &changed)))
}

/// `DELETE /connections/{id}`: with the accounts connected through it. The people stay, and sign in by other
/// means.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: ConnectionId = input::id(&id)?;
    let there = write(app, move |tx| {
        Box::pin(async move {
            let there = connections::remove(tx, id).await?;
            if there {
                polder_audit::record(tx, caller.event("connection.removed").details(json!({ "connection": id })));
            }
            Ok(there)
        })
    })
    .await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// `POST /connections/{id}/check`: whether the provider can be reached and speaks as it should.
pub async fn check(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<ConnectionCheck>, ProblemError> {
    let id: ConnectionId = input::id(&id)?;
    let connection = app.connections.find(id).ok_or_else(input::not_found)?;
    let place = match client::place(&app, &connection).await {
        Ok(place) => place,
        Err(problem) => {
            let problem = Some(problem.to_string());
            return Ok(Json(ConnectionCheck { works: false, problem, further_hosts: Vec::new() }));
        }
    };
    let known = hosts(connection.provider, &connection.configuration);
    let keys = place.openid.as_ref().map(|metadata| metadata.jwks_uri().as_str().to_owned());
    let reached = [Some(place.token.clone()), place.userinfo.clone(), place.revocation.clone(), keys];
    let mut further_hosts: Vec<_> =
        reached.iter().flatten().filter_map(|url| host(url)).filter(|host| !known.contains(host)).collect();
    further_hosts.sort_unstable();
    further_hosts.dedup();
    let made = client::client(&app, &connection, &place).await.err();
    let there = match made {
        // Whatever it answers to this, it answers; where it is not to be reached, that was said already.
        None if host(&place.token).is_some_and(|host| !further_hosts.contains(&host)) => {
            app.outbound.get(&place.token, Limits::default()).await.err()
        }
        _ => None,
    };
    let there = there.map(|error| Trouble::of_call(&error, "its token endpoint does not answer"));
    let problem = made.or(there).map(|problem| problem.to_string());
    Ok(Json(ConnectionCheck { works: problem.is_none(), problem, further_hosts }))
}

fn view(app: &App, connection: &model::Connection) -> Connection {
    Connection {
        id: connection.id,
        provider: connection.provider,
        name: connection.name.clone(),
        client_id: connection.client_id.clone(),
        has_secret: connection.has_secret,
        configuration: connection.configuration.clone(),
        redirect_uri: connection.redirect_uri(app.issuer.as_str()),
        hosts: hosts(connection.provider, &connection.configuration),
        disabled: connection.disabled_at.is_some(),
        created_at: connection.created_at.rfc3339(),
        updated_at: connection.updated_at.rfc3339(),
    }
}

/// Stores a change and reads the connections again; both happen even if the caller hangs up.
async fn write<T, F>(app: Arc<App>, work: F) -> Result<T, ProblemError>
where
    T: Send + 'static,
    F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<T, ProblemError>> + Send + 'static,
{
    to_the_end(async move {
        let done = app.db.write(work).await?;
        app.connections.refresh(&app.db).await?;
        Ok(done)
    })
    .await
}

/// A refusal that says which field is wrong.
pub(super) fn wrong(pointer: &'static str, detail: &'static str) -> ProblemError {
    Problem::invalid(Vec::new()).error(pointer, detail).into()
}

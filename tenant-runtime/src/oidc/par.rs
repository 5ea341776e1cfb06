//! `POST /par`: an application pushes its authorization request (RFC 9126).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_crypto::Category;
use polder_protocol::authorize::{Came, Request};
use polder_protocol::metadata::path;
use polder_protocol::par::{self, LIFETIME, URN};
use polder_protocol::{Error, ErrorCode, Params, dpop::refused};
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};
use polder_tenant_api::RefusedAt;

use super::authorize::incoming;
use super::cors::AskedBy;
use super::{client, dpop, json};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::limits;
use crate::model::Application;
use crate::refusals;
use crate::store::pushed_requests::{self, New};

/// Checks the request as `/authorize` would, and keeps it for a minute under a name for one use.
///
/// # Errors
/// Those of client authentication and of `/authorize`, all of them answered here (2.3).
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, OAuthError> {
    let params = Params::of_body(query.as_deref(), &body?.0)?;
    let application = client::authenticate(&app, ctx.client_ip, &headers, &params).await?;
    let sent = params.clone();
    let mut response = match push(&app, ctx.client_ip, &headers, &application, params).await {
        Ok(pushed) => json::no_store(StatusCode::CREATED, &pushed),
        Err(refused) => {
            refusals::of_client(&app, RefusedAt::Par, &application, &refused, &sent);
            refused.into_response()
        }
    };
    dpop::add_nonce(&app, &headers, &mut response);
    response.extensions_mut().insert(AskedBy(application));
    Ok(response)
}

async fn push(
    app: &App,
    from: Option<IpAddr>,
    headers: &HeaderMap,
    application: &Application,
    params: Params,
) -> Result<par::Response, OAuthError> {
    if application.client.is_public() {
        // It proved nothing: strangers push in its name.
        app.limits.check(limits::PUSHED_REQUEST, from).map_err(OAuthError::too_many)?;
    }
    let params = par::request(params, &application.client.id)?;
    let request = incoming::by_value(app, &params, Came::Pushed).await.map_err(|refused| refused.error().clone())?;
    let request = bound(app, headers, application, request).await?;
    let name = app.entropy.token();
    let new = New {
        uri_hash: incoming::uri_hash(app, name.expose()),
        application_id: application.id,
        sealed: String::new(),
        created_at: app.clock.now(),
        expires_at: app.clock.now() + LIFETIME,
    };
    let json = serde_json::to_string(&request)?;
    let context = incoming::sealed_context(&new.uri_hash);
    let new = New { sealed: app.keyring.seal_text(Category::Flow, &context, &json), ..new };
    let kept =
        app.db.write(move |tx| Box::pin(async move { Ok::<_, Internal>(pushed_requests::add(tx, &new).await?) }));
    if !kept.await? {
        let error = Error::new(ErrorCode::TemporarilyUnavailable, "too many pushed requests wait already");
        return Err(OAuthError::new(error).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    Ok(par::Response { request_uri: format!("{URN}{}", name.expose()), expires_in: LIFETIME.as_secs() })
}

/// A proof that comes with the push binds the code to its key (RFC 9449, 10.1).
async fn bound(
    app: &App,
    headers: &HeaderMap,
    application: &Application,
    mut request: Request,
) -> Result<Request, OAuthError> {
    let Some(proof) = dpop::at_endpoint(app, headers, path::PAR, &application.client)? else { return Ok(request) };
    if request.dpop_jkt.as_ref().is_some_and(|jkt| *jkt != proof.jkt) {
        return Err(refused("dpop_jkt is not the key of the DPoP proof").into());
    }
    proof.take(app).await??;
    request.dpop_jkt = Some(proof.jkt);
    Ok(request)
}

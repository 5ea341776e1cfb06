//! `POST /revoke` (RFC 7009): an application gives a token back.

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_audit::{Actor, Event};
use polder_kernel::Timestamp;
use polder_protocol::Params;
use polder_protocol::refresh::Presented;
use polder_protocol::revoke::{Kind, Request};
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};

use super::cors::AskedBy;
use super::{client, verify};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::Application;
use crate::store;

/// Revokes a token of the caller's own. Every other token gets the same answer and stays alive (B73, B74).
///
/// # Errors
/// `invalid_client`; `invalid_request` without a token.
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, OAuthError> {
    let params = Params::of_body(query.as_deref(), &body?.0)?;
    let caller = client::authenticate(&app, ctx.client_ip, &headers, &params).await?;
    let Request { token } = Request::parse(&params)?;
    match Kind::of(token.expose()) {
        Kind::Refresh(presented) => family(&app, &ctx, &caller, &presented).await?,
        Kind::Access => one(&app, &ctx, &caller, token.expose()).await?,
        Kind::Unknown => {}
    }
    let mut response = StatusCode::OK.into_response();
    response.extensions_mut().insert(AskedBy(caller));
    Ok(response)
}

/// A refresh token takes its whole grant along, access tokens too (RFC 7009, 2.1).
async fn family(app: &App, ctx: &RequestContext, caller: &Application, presented: &Presented) -> Result<(), Internal> {
    let Some(id) = verify::refresh_token(app, presented) else { return Ok(()) };
    let (owner, now, request_id) = (caller.id, app.clock.now(), ctx.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let grant = store::grants::find(tx, id).await?.filter(|grant| grant.application_id == owner);
                let Some(grant) = grant else { return Ok(()) };
                if store::grants::revoke(tx, id, "revoked_by_application", now).await? {
                    let event = Event::new("grant.revoked", Actor::application(owner)).application(owner);
                    polder_audit::record(tx, event.user(grant.user_id).request(request_id));
                }
                Ok(())
            })
        })
        .await
}

/// An access token goes alone; it is remembered until it would have expired.
async fn one(app: &App, ctx: &RequestContext, caller: &Application, token: &str) -> Result<(), Internal> {
    let Some(claims) = verify::access_token(app, token) else { return Ok(()) };
    if claims.client_id != caller.client.id {
        return Ok(());
    }
    let (jti, owner, request_id) = (claims.jti.to_string(), caller.id, ctx.request_id);
    let expires_at = Timestamp::from_seconds(claims.exp);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                store::revoked_tokens::add(tx, &jti, expires_at).await?;
                let event = Event::new("token.revoked", Actor::application(owner)).application(owner);
                polder_audit::record(tx, event.request(request_id));
                Ok(())
            })
        })
        .await
}

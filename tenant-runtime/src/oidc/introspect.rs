//! `POST /introspect` (RFC 7662): a checked token and one query, for whom it concerns (B75).

use std::borrow::Cow;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use polder_protocol::Params;
use polder_protocol::bearer::Scheme;
use polder_protocol::introspect::{self, Request, may_see};
use polder_protocol::refresh::Presented;
use polder_protocol::revoke::Kind;
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};

use super::{client, json, standing, subject, verify};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::Application;
use crate::store;

/// Says whether a token is live, and nothing more to those it does not concern.
///
/// # Errors
/// `invalid_client`, `invalid_request`.
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, OAuthError> {
    let params = Params::of_body(query.as_deref(), &body?.0)?;
    let caller = client::authenticate(&app, ctx.client_ip, &headers, &params).await?;
    let Request { token } = Request::parse(&params, &caller.client)?;
    let answer = match Kind::of(token.expose()) {
        Kind::Access => access_token(&app, &caller, token.expose()).await?,
        Kind::Refresh(presented) => refresh_token(&app, &caller, &presented).await?,
        Kind::Unknown => None,
    };
    let answer = answer.unwrap_or_else(introspect::Response::inactive);
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|accept| accept.to_str().ok());
    if accept.into_iter().any(introspect::wants_signed) {
        return Ok(signed(&app, &caller, &answer).await?);
    }
    Ok(json::no_store(StatusCode::OK, &answer))
}

/// The answer as something that can be shown to others later (RFC 9701, 5).
async fn signed(app: &App, caller: &Application, answer: &introspect::Response<'_>) -> Result<Response, Internal> {
    let claims = introspect::Signed {
        iss: app.issuer.as_str(),
        aud: &caller.client.id,
        iat: app.clock.now().seconds(),
        token_introspection: answer,
    };
    let jwt = app.keys.signer(caller.introspection_alg).await?.sign_jwt(introspect::SIGNED_TYPE, &claims)?;
    let mut response = Response::new(Body::from(jwt));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/token-introspection+jwt"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

type Answer = Option<introspect::Response<'static>>;

async fn access_token(app: &App, caller: &Application, token: &str) -> Result<Answer, Internal> {
    let Some(claims) = verify::access_token(app, token) else { return Ok(None) };
    let visible = may_see(&caller.client, &claims.client_id, &claims.aud, app.issuer.as_str());
    if !visible || standing::of(app, &claims).await?.is_none() {
        return Ok(None);
    }
    Ok(Some(introspect::Response {
        active: true,
        scope: claims.scope.clone(),
        client_id: Some(claims.client_id.clone()),
        token_type: Some(if claims.cnf.is_some() { Scheme::Dpop.as_str() } else { Scheme::Bearer.as_str() }),
        exp: Some(claims.exp),
        iat: Some(claims.iat),
        sub: Some(claims.sub.clone()),
        aud: Some(claims.aud.clone()),
        iss: Some(claims.iss.clone()),
        jti: Some(claims.jti.clone()),
        auth_time: claims.auth_time,
        acr: claims.acr.clone(),
        sid: claims.sid.clone(),
        cnf: claims.cnf.clone(),
    }))
}

/// A refresh token concerns its own application alone. Only the newest of its family is live: what
/// the grace window gives back is an answer, not a token.
async fn refresh_token(app: &App, caller: &Application, presented: &Presented) -> Result<Answer, Internal> {
    let Some(id) = verify::refresh_token(app, presented) else { return Ok(None) };
    let (now, mut tx) = (app.clock.now(), app.db.read().await?);
    let Some(grant) = store::grants::find(&mut tx, id).await? else { return Ok(None) };
    let expires_at = grant.refresh_idle_expires_at.zip(grant.refresh_expires_at).map(|(idle, end)| idle.min(end));
    let Some(expires_at) = expires_at.filter(|end| now < *end) else { return Ok(None) };
    let newest = presented.generation == grant.generation && grant.application_id == caller.id;
    if !newest || !store::grants::stands(&mut tx, id, now).await? {
        return Ok(None);
    }
    Ok(Some(introspect::Response {
        active: true,
        scope: grant.scope,
        client_id: Some(Cow::Owned(grant.application_id.to_string())),
        exp: Some(expires_at.seconds()),
        iat: Some(grant.rotated_at.unwrap_or(grant.created_at).seconds()),
        sub: Some(Cow::Owned(subject::of(app, caller, grant.user_id))),
        iss: Some(Cow::Owned(app.issuer.as_str().to_owned())),
        ..introspect::Response::default()
    }))
}

//! `GET` and `POST /userinfo` (OpenID Connect Core 5.3): a checked token and one query.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use polder_protocol::bearer::{self, Challenge, insufficient_scope, insufficient_user_authentication, invalid_token};
use polder_protocol::claims::{AccessToken, ID_TOKEN_TYPE, userinfo};
use polder_protocol::metadata::path;
use polder_protocol::protected_resource::userinfo_address;
use polder_protocol::scope::{OPENID, ROLES};
use polder_protocol::{Params, Scope};
use polder_service::form;
use serde_json::{Map, Value};

use super::cors::AskedBy;
use super::standing::{self, Standing};
use super::{dpop, json, person, verify};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::fields::{self, claims::Place};
use crate::model::{Application, Assurance, User};
use crate::signin::demand;

/// Answers about the person a token was given for.
///
/// # Errors
/// RFC 6750, 3 and RFC 9449, 7: a challenge, without a code when nothing was presented.
pub async fn answer(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    request: Request,
) -> Result<Response, OAuthError> {
    let refused = |challenge: Challenge| OAuthError::bearer(challenge, app.issuer.as_str());
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
    let form = form(&parts, body).await?;
    let presented = bearer::parse(authorization, query.as_deref(), form.as_ref()).map_err(refused)?;
    let invalid = || refused(invalid_token().under(presented.scheme));
    let claims = verify::access_token(&app, presented.token.expose()).ok_or_else(invalid)?;
    // A token for another API alone is not for us (RFC 9068, 4).
    let issuer = app.issuer.as_str();
    if !claims.aud.contains(issuer) && !claims.aud.contains(&userinfo_address(issuer)) {
        return Err(invalid());
    }
    let Some(application) = app.applications.enabled(&claims.client_id) else {
        return Err(invalid());
    };
    let told = match dpop::at_resource(&app, headers, (&parts.method, path::USERINFO), &presented, &claims).await? {
        Ok(()) => said(&app, &application, &claims).await?,
        Err(challenge) => Err(challenge),
    };
    let mut response = match told {
        Ok(said) => spoken(&app, &application, said).await?,
        Err(challenge) => refused(challenge.under(presented.scheme)).into_response(),
    };
    dpop::add_nonce(&app, headers, &mut response);
    response.extensions_mut().insert(AskedBy(application));
    Ok(response)
}

/// The body of a form POST (RFC 6750, 2.2); a POST of anything else has none.
async fn form(parts: &Parts, body: Body) -> Result<Option<Params>, OAuthError> {
    let is_form = form::is_content_type(&parts.headers, "application/x-www-form-urlencoded");
    if parts.method != Method::POST || !is_form {
        return Ok(None);
    }
    let body = form::read(body, form::BODY_MAX).await?;
    Ok(Some(Params::parse(&body)?))
}

type Claims = Map<String, Value>;

async fn said(
    app: &App,
    application: &Application,
    claims: &AccessToken<'_>,
) -> Result<Result<Claims, Challenge>, Internal> {
    let standing = standing::of(app, claims).await?;
    let Some(standing) = standing else { return Ok(Err(invalid_token())) };
    let stands = match standing {
        Standing::Person(stands) if claims.scope.contains(OPENID) => stands,
        _ => return Ok(Err(insufficient_scope(OPENID))),
    };
    // A stricter rule holds at once, for tokens that were given before it, too (RFC 9470).
    let least = demand::least(&app.tenant.current(), application);
    if Assurance::of_amr(&claims.amr) < least {
        return Ok(Err(insufficient_user_authentication(least.acr())));
    }
    let (user, asked) = (stands.person.open(&app.keyring)?, stands.claims.userinfo);
    Ok(Ok(about(app, application, user, (&claims.scope, &asked)).await?))
}

/// What this application is told about a person: by scope, and by the names of single claims.
///
/// # Errors
/// When the database fails.
pub async fn about(
    app: &App,
    application: &Application,
    user: User,
    (scope, asked): (&Scope, &[String]),
) -> Result<Claims, Internal> {
    let with_roles = scope.contains(ROLES) || asked.iter().any(|claim| claim == "roles");
    let (id, about) = (user.id, person::of(app, application, user, with_roles).await?);
    let mut said = userinfo(scope, asked, &about);
    said.extend(fields::claims::about(app, application, id, (scope, Place::Userinfo, asked)).await?);
    Ok(said)
}

/// As JSON, or as a signed token for the applications that want one: then it says who says it to whom
/// (Core 5.3.2). It has no end and no time of sign-in, so that it is never taken for an ID token.
async fn spoken(app: &App, application: &Application, mut said: Claims) -> Result<Response, Internal> {
    let Some(algorithm) = application.userinfo_alg else { return Ok(json::no_store(StatusCode::OK, &said)) };
    said.insert("iss".to_owned(), app.issuer.as_str().into());
    said.insert("aud".to_owned(), application.client.id.as_str().into());
    said.insert("iat".to_owned(), app.clock.now().seconds().into());
    let token = app.keys.signer(algorithm).await?.sign_jwt(ID_TOKEN_TYPE, &said)?;
    let mut response = Response::new(Body::from(token));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/jwt"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    Ok(response)
}

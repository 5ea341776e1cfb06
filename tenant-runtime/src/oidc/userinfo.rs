//! `GET` and `POST /userinfo` (OpenID Connect Core 5.3): a checked token and one query.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{RawQuery, Request, State};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Method, StatusCode, header};
use polder_protocol::bearer::{self, Challenge, invalid_token};
use polder_protocol::claims::{AccessToken, Person, userinfo};
use polder_protocol::metadata::path;
use polder_protocol::scope::{OPENID, ROLES};
use polder_protocol::{Params, bearer::insufficient_scope};
use polder_service::form;

use super::cors::AskedBy;
use super::standing::{self, Standing};
use super::{dpop, json, verify};
use crate::App;
use crate::error::{Internal, OAuthError};
use crate::fields::{self, claims::Place};
use crate::model::User;
use crate::store;

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
    if !claims.aud.contains(app.issuer.as_str()) {
        return Err(invalid());
    }
    let told = match dpop::at_resource(&app, headers, (&parts.method, path::USERINFO), &presented, &claims).await? {
        Ok(()) => claims_of(&app, &claims).await?,
        Err(challenge) => Err(challenge),
    };
    let mut response = match told {
        Ok(body) => json::no_store(StatusCode::OK, &body),
        Err(challenge) => refused(challenge.under(presented.scheme)).into_response(),
    };
    dpop::add_nonce(&app, headers, &mut response);
    if let Some(application) = app.applications.enabled(&claims.client_id) {
        response.extensions_mut().insert(AskedBy(application));
    }
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

type Claims = serde_json::Map<String, serde_json::Value>;

async fn claims_of(app: &App, claims: &AccessToken<'_>) -> Result<Result<Claims, Challenge>, Internal> {
    let standing = standing::of(app, claims).await?;
    let Some(standing) = standing else { return Ok(Err(invalid_token())) };
    let person = match standing {
        Standing::Person(person) if claims.scope.contains(OPENID) => person.open(&app.keyring)?,
        _ => return Ok(Err(insufficient_scope(OPENID))),
    };
    let roles = if claims.scope.contains(ROLES) {
        store::users::roles(&mut app.db.read().await?, person.id).await?
    } else {
        Vec::new()
    };
    let (id, mut said) = (person.id, userinfo(&claims.scope, &as_person(person, roles)));
    if let Some(application) = app.applications.enabled(&claims.client_id) {
        let place = (&claims.scope, Place::Userinfo);
        said.extend(fields::claims::about(app, &application, id, place).await?);
    }
    Ok(Ok(said))
}

fn as_person(user: User, roles: Vec<String>) -> Person {
    Person {
        id: user.id.to_string(),
        name: user.name,
        email: Some(user.email),
        email_verified: user.email_verified_at.is_some(),
        locale: user.locale,
        updated_at: Some(user.updated_at),
        roles,
    }
}

//! `POST /token` (RFC 6749, 3.2): what every grant shares; each grant's own part is one file.

mod authorization_code;
mod client_credentials;
mod device_code;
mod mint;
mod refresh_token;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_protocol::Params;
use polder_protocol::token::{self, Request};
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};

use super::cors::AskedBy;
use super::{client, json};
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;

/// Authenticates the application, reads its request and hands it to the grant.
///
/// # Errors
/// RFC 6749, 5.2.
pub async fn post(
    State(app): State<Arc<App>>,
    ctx: RequestContext,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, OAuthError> {
    let params = Params::of_body(query.as_deref(), &body?.0)?;
    let application = client::authenticate(&app, ctx.client_ip, &headers, &params)?;
    let mut response = match redeem(&app, &ctx, &application, &params).await {
        Ok(tokens) => json::no_store(StatusCode::OK, &tokens),
        Err(refused) => refused.into_response(),
    };
    response.extensions_mut().insert(AskedBy(application));
    Ok(response)
}

async fn redeem(
    app: &App,
    ctx: &RequestContext,
    application: &Application,
    params: &Params,
) -> Result<token::Response, OAuthError> {
    match Request::parse(params, &application.client)? {
        Request::ClientCredentials { scope } => client_credentials::redeem(app, application, scope.as_ref()).await,
        Request::RefreshToken { refresh_token, scope } => {
            refresh_token::redeem(app, ctx, application, &refresh_token, scope.as_ref()).await
        }
        Request::DeviceCode { device_code } => device_code::redeem(app, ctx, application, &device_code).await,
        Request::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let presented = authorization_code::Presented { code, redirect_uri, code_verifier };
            authorization_code::redeem(app, ctx, application, presented).await
        }
    }
}

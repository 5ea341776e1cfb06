//! `POST /token` (RFC 6749, 3.2): what every grant shares; each grant's own part is one file.

mod authorization_code;
mod client_credentials;
mod device_code;
mod grant;
mod mint;
mod refresh_token;
pub mod try_out;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, StatusCode};
use polder_protocol::metadata::path;
use polder_protocol::token::{self, Request};
use polder_protocol::{Params, resource};
use polder_service::RequestContext;
use polder_service::form::{BodyError, FormBody};
use polder_tenant_api::RefusedAt;

use super::cors::AskedBy;
use super::{client, dpop, json};
use crate::App;
use crate::error::OAuthError;
use crate::model::Application;
use crate::refusals;

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
    let application = client::authenticate(&app, ctx.client_ip, &headers, &params).await?;
    let mut response = match redeem(&app, &ctx, (&application, &headers), &params).await {
        Ok(tokens) => json::no_store(StatusCode::OK, &tokens),
        Err(refused) => {
            refusals::of_client(&app, RefusedAt::Token, &application, &refused, &params);
            refused.into_response()
        }
    };
    dpop::add_nonce(&app, &headers, &mut response);
    response.extensions_mut().insert(AskedBy(application));
    Ok(response)
}

async fn redeem(
    app: &App,
    ctx: &RequestContext,
    (application, headers): (&Arc<Application>, &HeaderMap),
    params: &Params,
) -> Result<token::Response, OAuthError> {
    let request = Request::parse(params, &application.client)?;
    let resources = resource::named(params, &application.client)?;
    let proof = dpop::at_token(app, headers, path::TOKEN, &application.client)?;
    match request {
        Request::ClientCredentials { scope } => {
            client_credentials::redeem(app, application, (scope.as_ref(), resources), proof.as_ref()).await
        }
        Request::RefreshToken { refresh_token, scope } => {
            let presented = refresh_token::Presented { token: refresh_token, scope, resources, proof };
            refresh_token::redeem(app, ctx, application, presented).await
        }
        Request::DeviceCode { device_code } => {
            let presented = device_code::Presented { code: device_code, resources, proof };
            device_code::redeem(app, ctx, application, presented).await
        }
        Request::AuthorizationCode { code, redirect_uri, code_verifier } => {
            let presented = authorization_code::Presented { code, redirect_uri, code_verifier, resources, proof };
            authorization_code::redeem(app, ctx, application, presented).await
        }
    }
}

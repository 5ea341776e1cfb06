//! `GET` and `POST /authorize` (RFC 6749, 3.1): checks, then the sign-in takes over.

mod answer;
pub mod incoming;
mod wishes;

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_protocol::authorize::Refusal;
use polder_protocol::metadata::path;
use polder_protocol::{Error, ErrorCode, Params};
use polder_service::form::{BodyError, FormBody};
use polder_tenant_api::RefusedAt;

use super::continuation::continuation;
use super::try_out;
use crate::App;
use crate::error::{Kind, PageError};
use crate::refusals;
use crate::signin;
use crate::signin::visit::Visit;

pub use answer::{decline, issue_code, refuse, sid};

/// Checks the request and begins, or silently completes, a sign-in.
///
/// # Errors
/// A page when neither application nor redirect URI can be trusted (B01, A22).
pub async fn get(State(app): State<Arc<App>>, visit: Visit, RawQuery(query): RawQuery) -> Result<Response, PageError> {
    go_on(&app, &visit, &Params::of_both(query.as_deref(), &[])).await
}

/// As [`get`]. A form from another site comes without our `SameSite=Lax` cookies, so it is sent on to
/// the same request by GET, where they are back (A23).
///
/// # Errors
/// As [`get`].
pub async fn post(
    State(app): State<Arc<App>>,
    visit: Visit,
    RawQuery(query): RawQuery,
    body: Result<FormBody, BodyError>,
) -> Result<Response, PageError> {
    let params = Params::of_both(query.as_deref(), &body?.0);
    match continuation(path::AUTHORIZE, &params) {
        Some(again) => Ok(Redirect::to(&again).into_response()),
        None => go_on(&app, &visit, &params).await,
    }
}

async fn go_on(app: &Arc<App>, visit: &Visit, params: &Params) -> Result<Response, PageError> {
    let asked = incoming::by_browser(app, params).await?;
    let client_id = params.get("client_id").filter(|_| !try_out::is_named(params));
    if let (Err(refused), Some(client_id)) = (&asked, client_id) {
        refusals::note(app, RefusedAt::Authorize, client_id, refused.error(), params);
    }
    let request = match asked {
        Ok(request) => request,
        Err(Refusal::Redirect(refused)) => {
            let client_id = params.get("client_id").unwrap_or_default();
            return Ok(answer::redirect_error(app, visit, client_id, &refused));
        }
        Err(Refusal::NoRedirect(error)) => return Err(page(&error)),
    };
    signin::begin(app, visit, request).await
}

fn page(error: &Error) -> PageError {
    // A pushed request that was used or is too old says nothing against the application.
    let kind = match error.code {
        ErrorCode::InvalidRequestUri => Kind::BadRequest,
        _ => Kind::UnknownApplication,
    };
    PageError::new(kind).detail(error.to_string())
}

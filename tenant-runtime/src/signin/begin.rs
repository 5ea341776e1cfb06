//! Takes an authorization request over from `/authorize`.

use std::sync::Arc;

use axum::response::{IntoResponse, Redirect, Response};
use polder_protocol::authorize::Request;
use polder_protocol::{Error, ErrorCode};

use super::answer::{self, At};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::error::PageError;
use crate::oidc::authorize;

/// Answers a validated request: at once where a live session will do, else by the page of its first
/// step. No page is skipped and nothing is stored for a stranger; the request waits in the browser.
pub async fn begin(app: &Arc<App>, visit: &Visit, request: Request) -> Result<Response, PageError> {
    let at = At { request: &request, flow_hash: None, signed: None, confirmed: false };
    let look = answer::look(app, visit, at).await?;
    if let Some(response) = answer::finish(app, visit, &request, &look).await? {
        return Ok(response);
    }
    let waiting = Waiting::new(app, request);
    let Some(cookies) = waiting.keep(app, visit).await? else {
        let error = Error::new(ErrorCode::TemporarilyUnavailable, "too many large requests wait; try again");
        return Ok(authorize::refuse(app, visit, &waiting.request, error));
    };
    let mut response = Redirect::to(&waiting.path()).into_response();
    for cookie in cookies {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}

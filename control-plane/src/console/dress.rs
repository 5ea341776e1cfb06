//! Around every answer of the console: the visitor's language, and a page for every fault.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::HeaderValue;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use polder_hosted_pages::Page;
use polder_hosted_pages::console::{ErrorPage, NoAccess, NoAccessReason};
use polder_service::RequestContext;

use super::fault::{Told, Why};
use super::visit::LANGUAGE;
use super::{Console, Visit, show};

/// How long a chosen language is remembered.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(365 * 24 * 60 * 60);

/// The layer around the console.
pub async fn dress(State(console): State<Arc<Console>>, mut request: Request, next: Next) -> Response {
    let context = RequestContext::of(request.headers(), request.extensions());
    let parts = (request.method(), request.uri(), request.headers());
    let visit = Visit::of(parts, context, console.cookies, &console.app.entropy);
    request.extensions_mut().insert(visit.clone());
    let mut response = next.run(request).await;
    if let Some(told) = response.extensions_mut().remove::<Told>() {
        fill(&mut response, &visit, &told.why);
    }
    if let Some(locale) = visit.chosen {
        console.cookies.set(LANGUAGE, locale.tag()).max_age(REMEMBERED).append_to(response.headers_mut());
    }
    response
}

fn fill(response: &mut Response, visit: &Visit, why: &Why) {
    let frame = visit.frame("");
    let request_id = visit.context.request_id.to_string();
    let html = match why {
        Why::Kind(kind) => ErrorPage { frame, kind: *kind, detail: None, request_id: &request_id }.render(),
        Why::NotAllowed => NoAccess { frame, reason: NoAccessReason::Role }.render(),
        Why::NoMember(address) => NoAccess { frame, reason: NoAccessReason::NoMember(address) }.render(),
    };
    *response.body_mut() = Body::from(html);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.extend(show::headers(visit, &[]));
}

//! Which pages of other origins may read our answers (B92).
//!
//! Discovery and JWKS are for everyone. `/token`, `/par`, `/userinfo` and `/revoke` answer a browser page only
//! if its origin is one the application registered a redirect URI at. Never `null`, never with
//! credentials; nothing else has CORS at all.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::App;
use crate::model::Application;

/// Put into a response by a handler that knows which application asked.
#[derive(Clone)]
pub struct AskedBy(pub Arc<Application>);

/// Answers the preflight of a public document, where a page sends headers of its own.
pub async fn everyone() -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET"));
    response
}

/// The layer for endpoints that browser applications call.
pub async fn registered(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let Some(origin) = origin(request.headers()) else {
        return vary(next.run(request).await);
    };
    if is_preflight(&request) {
        let mut response = StatusCode::NO_CONTENT.into_response();
        if app.applications.any_at(&origin) {
            allow(&mut response, &origin);
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("GET, POST"));
            let allowed = HeaderValue::from_static("authorization, content-type, dpop");
            headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        }
        return vary(response);
    }
    let mut response = next.run(request).await;
    // An answer given before the application was known is an error anyone registered may read.
    let allowed = match response.extensions().get::<AskedBy>() {
        Some(AskedBy(application)) => application.is_at(&origin),
        None => app.applications.any_at(&origin),
    };
    if allowed {
        allow(&mut response, &origin);
        let exposed = HeaderValue::from_static("www-authenticate, dpop-nonce");
        response.headers_mut().insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
    }
    vary(response)
}

fn is_preflight(request: &Request) -> bool {
    request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn origin(headers: &HeaderMap) -> Option<String> {
    let origin = headers.get(header::ORIGIN)?.to_str().ok()?;
    (origin != "null").then(|| origin.to_owned())
}

fn allow(response: &mut Response, origin: &str) {
    if let Ok(value) = HeaderValue::from_str(origin) {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, value);
    }
}

fn vary(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("Origin"));
    response
}

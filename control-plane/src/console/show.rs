//! A page as a response.

use axum::response::{Html, IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, VARY};
use http::{HeaderName, HeaderValue};
use polder_hosted_pages::Page;
use polder_service::headers::PageCsp;

use super::Visit;

/// A page. Forms may end up at `redirects`: the browser checks them along the whole way (F02).
pub fn page(visit: &Visit, page: &impl Page, redirects: &[&str]) -> Response {
    (headers(visit, redirects), Html(page.render())).into_response()
}

/// A page that shows others of ours in a frame.
pub fn framing(visit: &Visit, page: &impl Page, redirects: &[&str]) -> Response {
    let mut response = self::page(visit, page, redirects);
    let policy = PageCsp::new(&visit.nonce).scripts().frames().form_action(redirects);
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy.to_header());
    response
}

/// What every page carries.
pub fn headers(visit: &Visit, redirects: &[&str]) -> [(HeaderName, HeaderValue); 3] {
    [
        PageCsp::new(&visit.nonce).scripts().form_action(redirects).header(),
        (CONTENT_LANGUAGE, HeaderValue::from_static(visit.locale.tag())),
        (VARY, HeaderValue::from_static("Accept-Language, Cookie")),
    ]
}

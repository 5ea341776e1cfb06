//! One request, passed on to its tenant.

use std::error::Error;
use std::net::IpAddr;
use std::time::Duration;

use axum::body::Body;
use http::header::CONTENT_LENGTH;
use http::uri::PathAndQuery;
use http::{Method, Request, Response, StatusCode, Uri, Version};
use http_body_util::{LengthLimitError, Limited};
use hyper::body::Body as _;

use super::pool::NoAnswer;
use super::{Route, headers, pages};

/// The largest request body that is passed on, in bytes. Tenants take less.
const LARGEST_BODY: usize = 1024 * 1024;

/// Passes `request` on to the tenant behind `route` and its answer back. The head of the answer must
/// come `within` that time; bodies stream in both directions.
pub async fn forward(
    route: &Route,
    mut request: Request<Body>,
    (client, request_id): (Option<IpAddr>, &str),
    within: Duration,
) -> Response<Body> {
    let locale = pages::locale(request.headers());
    if request.method() == Method::CONNECT || headers::is_ambiguous(request.headers()) {
        return pages::page(StatusCode::BAD_REQUEST, locale);
    }
    if declared_length(&request).is_some_and(|length| length > LARGEST_BODY as u64) {
        return pages::page(StatusCode::PAYLOAD_TOO_LARGE, locale);
    }
    headers::inbound(request.headers_mut(), &route.authority, client, request_id);
    if request.uri().authority().is_some() {
        // The tenant reads targets in origin form; that the host is its own was seen already.
        let target = request.uri().path_and_query().cloned().unwrap_or_else(|| PathAndQuery::from_static("/"));
        *request.uri_mut() = Uri::from(target);
    }
    *request.version_mut() = Version::HTTP_11;
    if !request.body().is_end_stream() {
        request = request.map(|body| Body::new(Limited::new(body, LARGEST_BODY)));
    }
    match tokio::time::timeout(within, route.public.send(request)).await {
        Ok(Ok(answer)) if answer.status() != StatusCode::SWITCHING_PROTOCOLS => {
            let mut answer = answer;
            headers::outbound(answer.headers_mut());
            answer
        }
        Ok(Ok(_)) => refuse(route, request_id, StatusCode::BAD_GATEWAY, "it wants to switch protocols", locale),
        Ok(Err(NoAnswer::Broken(error))) if is_too_large(&error) => pages::page(StatusCode::PAYLOAD_TOO_LARGE, locale),
        Ok(Err(error @ NoAnswer::Broken(_))) => {
            refuse(route, request_id, StatusCode::BAD_GATEWAY, &error.to_string(), locale)
        }
        Ok(Err(error)) => refuse(route, request_id, StatusCode::SERVICE_UNAVAILABLE, &error.to_string(), locale),
        Err(_) => refuse(route, request_id, StatusCode::GATEWAY_TIMEOUT, "it did not answer in time", locale),
    }
}

fn refuse(
    route: &Route,
    request_id: &str,
    status: StatusCode,
    why: &str,
    locale: polder_kernel::Locale,
) -> Response<Body> {
    tracing::warn!(tenant = %route.tenant_id, request_id, status = status.as_u16(), why, "no answer from the tenant");
    pages::page(status, locale)
}

fn declared_length(request: &Request<Body>) -> Option<u64> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_too_large(error: &hyper::Error) -> bool {
    let mut source: Option<&(dyn Error + 'static)> = error.source();
    while let Some(found) = source {
        if found.is::<LengthLimitError>() {
            return true;
        }
        source = found.source();
    }
    false
}

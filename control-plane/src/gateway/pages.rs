//! What the gateway itself says: short, neutral, and the same whatever the reason lies in.

use axum::body::Body;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    RETRY_AFTER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use polder_hosted_pages::Sign;
use polder_kernel::Locale;

/// The language a request asks for.
pub fn locale(headers: &HeaderMap) -> Locale {
    headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .and_then(Locale::from_accept_language)
        .unwrap_or_default()
}

/// A page for `status`.
pub fn page(status: StatusCode, locale: Locale) -> Response<Body> {
    let mut response = said(status, words(status, locale), locale);
    if status.is_server_error() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("2"));
    }
    response
}

/// The page of a tenant at which nobody can sign in for now. It does not say why: that is between its
/// owner and whoever runs this.
pub fn closed(locale: Locale) -> Response<Body> {
    said(StatusCode::SERVICE_UNAVAILABLE, Sign::Closed.words(locale), locale)
}

fn said(status: StatusCode, (title, text): (&str, &str), locale: Locale) -> Response<Body> {
    let html = format!(
        "<!doctype html>\n<html lang=\"{locale}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <style>{STYLE}</style></head><body><main><h1>{title}</h1><p>{text}</p></main></body></html>\n"
    );
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(locale.tag()));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if let Ok(policy) = HeaderValue::from_str(&policy()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

const STYLE: &str = ":root{color-scheme:light dark}body{font:1rem/1.6 system-ui,sans-serif;display:grid;\
     place-items:center;min-height:90vh;margin:0;padding:1rem}main{max-width:26rem}h1{font-size:1.4rem;\
     font-weight:600;margin:0 0 .5rem}p{margin:0;opacity:.8}";

/// The style is named by its hash, so that nothing else on the page could be one.
fn policy() -> String {
    let hash = STANDARD.encode(polder_crypto::sha256(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}

fn words(status: StatusCode, locale: Locale) -> (&'static str, &'static str) {
    let sign = match status {
        StatusCode::MISDIRECTED_REQUEST => Sign::NothingHere,
        StatusCode::BAD_REQUEST => Sign::NotUnderstood,
        StatusCode::PAYLOAD_TOO_LARGE => Sign::TooLarge,
        _ => Sign::OneMoment,
    };
    sign.words(locale)
}

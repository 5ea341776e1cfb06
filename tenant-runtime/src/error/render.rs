//! Fills in the pages that a [`PageError`](super::PageError) announced.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::RETRY_AFTER;
use polder_hosted_pages::tenant::{ErrorKind, ErrorPage, Expired};
use polder_service::Report;

use super::Kind;
use crate::App;
use crate::signin::page::Paper;
use crate::signin::visit::Visit;

/// The layer around everything a person's browser visits.
pub async fn pages(State(app): State<Arc<App>>, visit: Visit, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let Some(kind) = response.extensions_mut().remove::<Kind>() else { return response };
    let wait = response.headers_mut().remove(RETRY_AFTER);
    let seconds = wait.as_ref().and_then(|value| value.to_str().ok()).and_then(|text| text.parse().ok());
    let mut page = render(&app, &visit, kind, seconds.unwrap_or(60));
    if let Some(wait) = wait {
        page.headers_mut().insert(RETRY_AFTER, wait);
    }
    for name in [http::header::ALLOW, http::header::SET_COOKIE] {
        for value in response.headers().get_all(&name) {
            page.headers_mut().append(&name, value.clone());
        }
    }
    match response.extensions_mut().remove::<Report>() {
        Some(report) => report.attach(page),
        None => page,
    }
}

fn render(app: &App, visit: &Visit, kind: Kind, retry_after_seconds: u64) -> Response {
    let paper = Paper::new(app, visit, "/", "");
    let frame = polder_hosted_pages::Frame { language_path: None, ..paper.frame() };
    let request_id = visit.context.request_id.to_string();
    match shown_as(kind, retry_after_seconds) {
        None => paper.print(kind.status(), &Expired { frame, back_to: None }),
        Some(shown) => {
            paper.print(kind.status(), &ErrorPage { frame, kind: shown, detail: None, request_id: &request_id })
        }
    }
}

/// `None` is the page for a sign-in that waited too long.
fn shown_as(kind: Kind, retry_after_seconds: u64) -> Option<ErrorKind> {
    Some(match kind {
        Kind::Expired => return None,
        Kind::UnknownApplication => ErrorKind::UnknownApplication,
        Kind::BadRequest => ErrorKind::BadRequest,
        Kind::Refused => ErrorKind::Forbidden,
        Kind::Blocked => ErrorKind::Blocked,
        Kind::CookiesNeeded => ErrorKind::CookiesNeeded,
        Kind::NotFound => ErrorKind::NotFound,
        Kind::MethodNotAllowed => ErrorKind::MethodNotAllowed,
        Kind::TooLarge => ErrorKind::TooLarge,
        Kind::TooMany => ErrorKind::TooMany { retry_after_seconds },
        Kind::Failed => ErrorKind::Internal,
        Kind::Unavailable => ErrorKind::Unavailable,
    })
}

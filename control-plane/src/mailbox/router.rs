//! The mailbox's routes.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName};
use http::{HeaderMap, StatusCode};
use polder_service::problem::Problem;
use polder_service::{Report, headers};
use serde::Deserialize;

use super::{Message, pages};
use crate::app::App;
use crate::gateway::pages::locale;

/// All of the mailbox.
pub fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(list))
        .route("/api/messages", get(messages))
        .route("/messages/{tenant}/{id}", get(message))
        .route("/messages/{tenant}/{id}/html", get(body))
        .route(pages::STYLE_PATH, get(style))
        .with_state(app)
}

#[derive(Deserialize)]
struct Filter {
    to: Option<String>,
}

/// `GET /api/messages?to=ADDRESS`: a JSON array, newest first.
async fn messages(State(app): State<Arc<App>>, Query(filter): Query<Filter>) -> Response {
    match app.mailbox.to(address(&filter)).await {
        Ok(messages) => Json(messages).into_response(),
        Err(error) => failed(&error),
    }
}

/// The same for people.
async fn list(State(app): State<Arc<App>>, Query(filter): Query<Filter>, headers: HeaderMap) -> Response {
    match app.mailbox.to(address(&filter)).await {
        Ok(messages) => page(pages::list(&messages, address(&filter), locale(&headers))),
        Err(error) => failed(&error),
    }
}

/// One message.
async fn message(State(app): State<Arc<App>>, Path(path): Path<(String, String)>, headers: HeaderMap) -> Response {
    match find(&app, &path).await {
        Ok(Some(message)) => page(pages::message(&message, locale(&headers))),
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such message").into_response(),
        Err(error) => failed(&error),
    }
}

/// One message's HTML, as a document of its own that can do nothing: no script, no form, no network.
async fn body(State(app): State<Arc<App>>, Path(path): Path<(String, String)>) -> Response {
    const POLICY: &str = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
                          style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";
    match find(&app, &path).await {
        Ok(Some(message)) => {
            ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)], message.html)
                .into_response()
        }
        Ok(None) => Problem::new(StatusCode::NOT_FOUND, "not_found", "There is no such message").into_response(),
        Err(error) => failed(&error),
    }
}

async fn style() -> Response {
    ([(CONTENT_TYPE, "text/css; charset=utf-8")], headers::immutable(), pages::STYLE).into_response()
}

fn address(filter: &Filter) -> Option<&str> {
    filter.to.as_deref().map(str::trim).filter(|to| !to.is_empty())
}

async fn find(app: &App, (tenant, id): &(String, String)) -> std::io::Result<Option<Message>> {
    let all = app.mailbox.to(None).await?;
    Ok(all.into_iter().find(|message| message.tenant == *tenant && message.id == *id))
}

fn page(html: String) -> Response {
    const POLICY: &str = "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; \
                          base-uri 'none'; frame-ancestors 'none'";
    const PLAIN: [(HeaderName, &str); 2] =
        [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, POLICY)];
    (PLAIN, html).into_response()
}

fn failed(error: &std::io::Error) -> Response {
    let answer = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side");
    Report::failed("mailbox").because(error).attach(answer.into_response())
}

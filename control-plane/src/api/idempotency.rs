//! Writes with `Idempotency-Key` happen once: a repeat gets the answer of the first.
//!
//! The stored answer is sealed, since it may hold a client secret, and lives for a day. A write that was
//! refused is forgotten, as it changed nothing; one that was cut off by a crash keeps its key for a few
//! minutes, in which a repeat is told that its outcome is not known yet.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use http_body_util::{BodyExt, Limited};
use polder_crypto::Category;
use polder_db::Error;
use polder_kernel::Secret;
use polder_kernel::encoding::base64url;
use polder_service::form;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};

use super::input::FILE_MAX;
use super::{Api, ApiError};
use crate::app::App;
use crate::model::ApiKeyId;
use crate::store::idempotency_keys;

static IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
static REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a write that never ends keeps its key: longer than any write takes.
const CLAIM: Duration = Duration::from_secs(300);
/// The largest answer that is kept, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The answer of a write.
#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    content_type: Option<String>,
    location: Option<String>,
    body: String,
}

/// Lets a write through once per key.
///
/// # Errors
/// 400 for a malformed key, 409 while the first is under way, 422 when the key was used for something else.
pub async fn once(api: &Arc<Api>, holder: ApiKeyId, request: Request, next: Next) -> Result<Response, ApiError> {
    let Some(key) = presented(&request)? else { return Ok(next.run(request).await) };
    let (parts, body) = request.into_parts();
    // As long as the longest that any write takes; whoever sends it has a key.
    let body = form::read(body, FILE_MAX).await.map_err(Problem::from)?;
    let app = Arc::clone(&api.app);
    let target = parts.uri.path_and_query().map_or("", |target| target.as_str()).to_owned();
    let claim = Claim::new(&app, holder, (&parts.method, &target), (&key, &body));
    if !claim.take(&app, holder).await? {
        return claim.replay(&app).await;
    }
    let request = Request::from_parts(parts, Body::from(body));
    // In a task of its own: a client that hangs up must not leave the key taken and the answer lost.
    let work = tokio::spawn(async move {
        let response = next.run(request).await;
        claim.finish(&app, response).await
    });
    work.await.unwrap_or_else(|error| Err(Problem::internal(&error).into()))
}

fn presented(request: &Request) -> Result<Option<String>, ApiError> {
    let mut values = request.headers().get_all(&IDEMPOTENCY_KEY).iter();
    let malformed = || Problem::bad_request("Idempotency-Key has 1 to 255 visible ASCII characters");
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let key = value.to_str().map_err(|_| malformed())?;
            let well = (1..=255).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
            if well { Ok(Some(key.to_owned())) } else { Err(malformed().into()) }
        }
        _ => Err(malformed().into()),
    }
}

struct Claim {
    key_hash: String,
    request_hash: String,
}

impl Claim {
    fn new(app: &App, holder: ApiKeyId, (method, target): (&Method, &str), (key, body): (&str, &Bytes)) -> Self {
        let (method, target) = (method.as_str().as_bytes(), target.as_bytes());
        let hash = |parts: &[&[u8]]| base64url(&app.keyring.mac("idempotency", parts));
        Self {
            key_hash: hash(&[b"key", holder.as_bytes(), method, target, key.as_bytes()]),
            request_hash: hash(&[b"request", method, target, body]),
        }
    }

    async fn take(&self, app: &App, holder: ApiKeyId) -> Result<bool, Error> {
        let (key, request, now) = (self.key_hash.clone(), self.request_hash.clone(), app.clock.now());
        app.db
            .write(move |tx| {
                Box::pin(async move { idempotency_keys::claim(tx, (&key, &request), holder, (now, now + CLAIM)).await })
            })
            .await
    }

    async fn replay(&self, app: &App) -> Result<Response, ApiError> {
        let earlier = idempotency_keys::earlier(&mut app.db.read().await?, &self.key_hash).await?;
        let Some(earlier) = earlier else { return Err(under_way()) };
        if earlier.request_hash != self.request_hash {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            let title = "This Idempotency-Key was used for another request";
            return Err(Problem::new(status, "idempotency_key_reused", title).into());
        }
        let Some(sealed) = earlier.response_sealed else { return Err(under_way()) };
        let opened = app.keyring.unseal(Category::ProviderTokens, &self.context(), &sealed);
        let opened = opened.map_err(|error| Problem::internal(&error))?;
        let answer: Answer = serde_json::from_slice(opened.expose()).map_err(|error| Problem::internal(&error))?;
        let mut response = answer.into_response();
        response.headers_mut().insert(&REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }

    async fn finish(self, app: &App, response: Response) -> Result<Response, ApiError> {
        if !response.status().is_success() {
            let key = self.key_hash.clone();
            app.db.write(move |tx| Box::pin(async move { idempotency_keys::release(tx, &key).await })).await?;
            return Ok(response);
        }
        let (parts, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| Problem::internal(&*error))?.to_bytes();
        let text = |name: HeaderName| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        let answer = Answer {
            status: parts.status.as_u16(),
            content_type: text(CONTENT_TYPE),
            location: text(LOCATION),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let plain = Secret::new(serde_json::to_vec(&answer).map_err(|error| Problem::internal(&error))?);
        let sealed = app.keyring.seal(Category::ProviderTokens, &self.context(), plain.expose());
        let (key, until, status) = (self.key_hash, app.clock.now() + KEPT, answer.status);
        app.db
            .write(move |tx| Box::pin(async move { idempotency_keys::keep(tx, &key, (status, &sealed), until).await }))
            .await?;
        Ok(Response::from_parts(parts, Body::from(body)))
    }

    fn context(&self) -> String {
        format!("idempotency_key.response_sealed:{}", self.key_hash)
    }
}

fn under_way() -> ApiError {
    let problem = Problem::conflict("idempotency_key_in_use", "the first request with this key is not over yet");
    ApiError::from(problem).with([(RETRY_AFTER, HeaderValue::from_static("1"))])
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or_default();
        for (name, value) in [(CONTENT_TYPE, self.content_type), (LOCATION, self.location)] {
            if let Some(value) = value.and_then(|value| HeaderValue::try_from(value).ok()) {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

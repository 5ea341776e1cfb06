//! Conditional requests (RFC 9110, 13): reads carry an `ETag`, and a write that names one happens only while
//! the resource is as its sender knows it.
//!
//! Writes that name one come one after the other for each resource, so that of two that know the same state one is
//! refused. Whoever names none is not held to it, and neither is the console.
//!
//! When something was last used or seen moves without anybody changing it: it counts for who reads, not for who writes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MATCH, IF_NONE_MATCH};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt, Limited};
use hyper::body::Body as _;
use polder_kernel::encoding::base64url;
use polder_service::form;
use polder_service::problem::Problem;
use serde_json::Value;
use tower::ServiceExt;

use super::input::FILE_MAX;
use super::turns::Turns;
use super::{ApiError, Caller};
use crate::app::App;

/// The longest answer that gets one, in bytes: a page of the longest list is shorter.
const LARGEST: u64 = 1024 * 1024;

/// How long a write waits for others to the same resource.
const WAIT: Duration = Duration::from_secs(10);

/// What says when something was last used or seen.
const MOVING: [&str; 2] = ["last_used_at", "last_seen_at"];

/// A read that is a look on behalf of a write.
#[derive(Clone, Copy, Debug)]
pub struct Look;

/// What the layer needs to look at resources.
pub struct Resources {
    app: Arc<App>,
    /// The operations without what stands before them: whoever asks here was admitted.
    operations: Router,
    turns: Turns,
}

impl Resources {
    /// Of these operations.
    pub fn new(app: &Arc<App>, operations: Router) -> Self {
        Self { app: Arc::clone(app), operations, turns: Turns::new(WAIT) }
    }

    /// The tag of a representation: it says nothing about what it is the tag of. Before the dot stands what a write
    /// names; after it, where there is one, what moves by itself.
    fn tag(&self, body: &[u8]) -> String {
        let hash = |purpose, body: &[u8]| base64url(&self.app.keyring.mac(purpose, &[body])[..16]);
        match at_rest(body) {
            Some(rest) => format!("\"{}.{}\"", hash("etag", &rest), hash("etag-moving", body)),
            None => format!("\"{}\"", hash("etag", body)),
        }
    }

    /// What is at this address now.
    async fn current(&self, address: Uri, caller: Caller) -> Result<Current, ApiError> {
        let mut read = Request::new(Body::empty());
        *read.uri_mut() = address;
        read.extensions_mut().insert(caller);
        read.extensions_mut().insert(Look);
        let answer = self.operations.clone().oneshot(read).await.unwrap_or_else(|never| match never {});
        if !answer.status().is_success() {
            return Ok(Current::None(answer));
        }
        Ok(Current::Tag(self.tag(&whole(answer.into_body()).await?)))
    }
}

/// What is at an address.
enum Current {
    /// Something with this tag.
    Tag(String),
    /// Nothing, and what is said about that.
    None(Response),
}

/// The layer around every operation, behind the one that admits.
///
/// # Errors
/// 412 where a write names a state that is over.
pub async fn conditional(
    State(resources): State<Arc<Resources>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.method() == Method::GET {
        let known = listed(request.headers(), &IF_NONE_MATCH);
        return tagged(&resources, next.run(request).await, &known).await;
    }
    let (wanted, unwanted) = (listed(request.headers(), &IF_MATCH), listed(request.headers(), &IF_NONE_MATCH));
    let changes = [Method::PUT, Method::PATCH, Method::DELETE].contains(request.method());
    if !changes || (wanted.is_empty() && unwanted.is_empty()) {
        return Ok(next.run(request).await);
    }
    let Some(caller) = request.extensions().get::<Caller>().cloned() else { return Ok(next.run(request).await) };
    // Whoever sends slowly keeps nobody waiting but themselves.
    let (parts, body) = request.into_parts();
    let body = form::read(body, FILE_MAX).await.map_err(Problem::from)?;
    let address = parts.uri.clone();
    let request = Request::from_parts(parts, Body::from(body));
    let turn = resources.turns.take(caller.organisation_id, address.path()).await;
    let _turn = turn.map_err(|error| Problem::unavailable(&error))?;
    let current = match resources.current(address, caller).await? {
        Current::Tag(tag) => Some(tag),
        // What is not there can be made by `PUT` alone; a failure to look is none of its absence.
        Current::None(said) if said.status().is_server_error() => return Ok(said),
        Current::None(said) if request.method() != Method::PUT && said.status() != StatusCode::METHOD_NOT_ALLOWED => {
            return Ok(said);
        }
        Current::None(_) => None,
    };
    let state = current.as_deref().map(state_of);
    let named = |tags: &[String]| {
        let known: Vec<String> = tags.iter().map(|tag| state_of(tag)).collect();
        names(&known, state.as_deref())
    };
    if (!wanted.is_empty() && !named(&wanted)) || named(&unwanted) {
        let why = "the resource is not in the state that the request names";
        let problem = Problem::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", "It was changed meanwhile");
        let problem = ApiError::from(problem.detail(why));
        let tag = current.and_then(|tag| HeaderValue::try_from(tag).ok());
        return Err(problem.with(tag.map(|tag| (ETAG, tag))));
    }
    Ok(next.run(request).await)
}

/// A successful answer with its tag, or 304 for whoever has it already.
async fn tagged(resources: &Resources, response: Response, known: &[String]) -> Result<Response, ApiError> {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let is_short = response.body().size_hint().upper().is_some_and(|length| length <= LARGEST);
    if response.status() != StatusCode::OK || !is_json || !is_short {
        return Ok(response);
    }
    let (mut parts, body) = response.into_parts();
    let body = whole(body).await?;
    let tag = resources.tag(&body);
    let unchanged = names(known, Some(&tag));
    parts.headers.insert(ETAG, HeaderValue::try_from(tag).map_err(|error| Problem::internal(&error))?);
    if !unchanged {
        return Ok(Response::from_parts(parts, Body::from(body)));
    }
    parts.status = StatusCode::NOT_MODIFIED;
    parts.headers.remove(CONTENT_LENGTH);
    parts.headers.remove(CONTENT_TYPE);
    Ok(Response::from_parts(parts, Body::empty()).into_response())
}

/// The document without what moves by itself; `None` where nothing of it does.
fn at_rest(body: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(body).ok()?;
    if !MOVING.iter().any(|name| text.contains(name)) {
        return None;
    }
    let mut document: Value = serde_json::from_str(text).ok()?;
    let before = document.clone();
    still(&mut document);
    if document == before { None } else { serde_json::to_vec(&document).ok() }
}

fn still(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !MOVING.contains(&name.as_str()));
            members.values_mut().for_each(still);
        }
        Value::Array(items) => items.iter_mut().for_each(still),
        _ => {}
    }
}

/// The tag of the state alone: without what stands after the dot.
fn state_of(tag: &str) -> String {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.split_once('.').map_or_else(|| tag.to_owned(), |(state, _)| format!("{state}\""))
}

async fn whole(body: Body) -> Result<Bytes, ApiError> {
    let limit = usize::try_from(LARGEST).unwrap_or(usize::MAX);
    let read = Limited::new(body, limit).collect().await;
    Ok(read.map_err(|error| Problem::internal(&*error))?.to_bytes())
}

/// The tags of a header. Ours hold no comma.
fn listed(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let texts = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let tags = texts.flat_map(|text| text.split(',')).map(|tag| tag.trim().to_owned());
    tags.filter(|tag| !tag.is_empty()).collect()
}

/// Whether a header's tags name this state. What a proxy has weakened names it too: bytes are all we compare.
fn names(tags: &[String], current: Option<&str>) -> bool {
    let Some(current) = current else { return false };
    tags.iter().any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == current)
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;
    use serde_json::json;

    use super::*;
    use crate::model::KeyAccess;
    use crate::testing::{Answer, KNOWN, World};

    async fn send(world: &World, key: &str, (method, path): (&str, &str), header: (&str, &str)) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(format!("/api/v1/tenants/acme{path}"))
            .header(AUTHORIZATION, format!("Bearer {key}"))
            .header(CONTENT_TYPE, "application/json")
            .header(header.0, header.1);
        world.send(request, if method == "GET" { String::new() } else { json!({"name": "Store"}).to_string() }).await
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_read_is_not_sent_twice() {
        let world = World::new().await;
        let key = world.key(KeyAccess::Read).await;
        let path = format!("/applications/{KNOWN}");
        let first = send(&world, &key, ("GET", &path), ("accept", "*/*")).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.len() == 24 && tag.starts_with('"'), "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            let again = send(&world, &key, ("GET", &path), ("if-none-match", &known)).await;
            assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""), "{known}");
            assert_eq!(again.header("etag"), tag);
        }
        let other = send(&world, &key, ("GET", &path), ("if-none-match", "\"other\"")).await;
        assert_eq!((other.status, &other.body), (StatusCode::OK, &first.body));
        let refused = send(&world, &key, ("GET", "/applications/nothing"), ("accept", "*/*")).await;
        assert_eq!(refused.header("etag"), "");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_that_knows_an_older_state_changes_nothing() {
        let world = World::new().await;
        let (key, read) = (world.key(KeyAccess::Write).await, world.key(KeyAccess::Read).await);
        let path = format!("/applications/{KNOWN}");
        let tag = send(&world, &key, ("GET", &path), ("accept", "*/*")).await.header("etag").to_owned();
        let writes = || world.stub.seen().iter().filter(|(_, method, _)| *method != "GET").count();
        for (method, header, value) in [
            ("PATCH", "if-match", "\"older\""),
            ("PATCH", "if-match", "\"older\", \"oldest\""),
            ("DELETE", "if-match", "\"older\""),
            ("PATCH", "if-none-match", "*"),
            ("PATCH", "if-none-match", tag.as_str()),
        ] {
            let refused = send(&world, &key, (method, &path), (header, value)).await;
            assert_eq!(refused.status, StatusCode::PRECONDITION_FAILED, "{method} {header}: {value}");
            assert_eq!((refused.json()["code"].as_str(), refused.header("etag")), (Some("precondition_failed"), &*tag));
        }
        assert_eq!(writes(), 0);
        let done = send(&world, &key, ("PATCH", &path), ("if-match", &tag)).await;
        assert_eq!(done.status, StatusCode::OK, "{}", done.body);
        assert_eq!(writes(), 1);
        // What a stranger may not read, nothing is learnt about either.
        let foreign = format!("/api/v1/tenants/foreign{path}");
        let request = Request::patch(foreign).header(AUTHORIZATION, format!("Bearer {key}"));
        let request = request.header(IF_MATCH, "*").header(CONTENT_TYPE, "application/json");
        assert_eq!(world.send(request, "{}").await.status, StatusCode::NOT_FOUND);
        let gone = send(&world, &key, ("DELETE", &format!("/sessions/{KNOWN}")), ("if-match", "*")).await;
        assert_eq!(gone.status, StatusCode::PRECONDITION_FAILED, "of what cannot be read nobody knows a state");
        assert_eq!(send(&world, &read, ("PATCH", &path), ("if-match", &tag)).await.status, StatusCode::FORBIDDEN);
        assert_eq!(writes(), 1);
    }
}

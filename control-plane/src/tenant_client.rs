//! The control plane's word to a tenant: calls to its admin socket, each signed for exactly that
//! request, for a minute, once (G19). What a call can do is in `tenant-api`.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt, Limited};
use polder_crypto::{Algorithm, SigningKey, sha256};
use polder_kernel::encoding::{base64url, from_base64url};
use polder_tenant_api::Health;
use polder_tenant_api::assertion::{Assertion, MAX_LIFETIME_SECONDS, TYPE};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::app::App;
use crate::audit::ActingFor;
use crate::gateway::pool::{NoAnswer, Pool};
use crate::gateway::socket::{self, Socket};
use crate::model::{Tenant, TenantId};
use crate::secrets::Name;

/// The largest answer that is read, in bytes.
const LARGEST_ANSWER: usize = 4 * 1024 * 1024;

/// The largest file that is passed on, in bytes.
const LARGEST_FILE: usize = 64 * 1024 * 1024;

/// How long a call may take in all, and each part of a file.
const WITHIN: Duration = Duration::from_secs(15);

/// The ways to all running tenants' admin sockets.
#[derive(Default)]
pub struct Links(RwLock<HashMap<TenantId, Arc<Link>>>);

struct Link {
    short_id: String,
    pool: Arc<Pool>,
    key: SigningKey,
}

/// Why a call got no answer. What a tenant answers, refusals too, is not an error here.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The tenant does not run.
    #[error("the tenant does not run")]
    NotRunning,
    /// It gives no answer.
    #[error(transparent)]
    NoAnswer(#[from] NoAnswer),
    /// It took too long.
    #[error("the tenant did not answer in time")]
    TimedOut,
    /// The call could not be made.
    #[error("the call could not be made: {0}")]
    Unsendable(String),
    /// The answer could not be read.
    #[error("the tenant's answer could not be read: {0}")]
    Unreadable(String),
    /// The answer was not the one this call is made for.
    #[error("the tenant answered {0}")]
    Refused(StatusCode),
}

impl Links {
    /// Opens the way to a tenant whose process was just started, in place of an older one.
    ///
    /// # Errors
    /// When it does not run, or its admin key cannot be read.
    pub fn open(&self, app: &App, tenant: &Tenant) -> io::Result<()> {
        let owner = app.driver.peer(&tenant.short_id).ok_or_else(|| io::Error::other("it does not run"))?;
        let socket = Socket::new(&app.settings.layout.tenant(&tenant.short_id), socket::ADMIN, owner)?;
        let pool = Arc::new(Pool::new(socket, app.settings.patience.connect));
        let malformed = || io::Error::other("its admin key is malformed");
        let key = app
            .secrets
            .read(&Name::TenantAdmin(&tenant.short_id))?
            .ok_or_else(|| io::Error::other("its admin key is missing"))?;
        let pkcs8 = polder_kernel::Secret::new(from_base64url(key.expose()).ok_or_else(malformed)?);
        let key = SigningKey::from_pkcs8(Algorithm::EdDsa, pkcs8.expose()).map_err(|_| malformed())?;
        let link = Link { short_id: tenant.short_id.clone(), pool, key };
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(tenant.id, Arc::new(link));
        Ok(())
    }

    /// Opens a way to what a test serves in a tenant's place.
    #[cfg(test)]
    pub(crate) fn open_to(&self, tenant: TenantId, pool: Pool, key: SigningKey) {
        self.0
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(tenant, Arc::new(Link { short_id: String::new(), pool: Arc::new(pool), key }));
    }

    /// Whether there is a way to this tenant.
    pub fn has(&self, tenant: TenantId) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains_key(&tenant)
    }

    /// Every tenant to which there is a way, with its short id.
    pub fn all(&self) -> Vec<(TenantId, String)> {
        let links = self.0.read().unwrap_or_else(PoisonError::into_inner);
        links.iter().map(|(tenant, link)| (*tenant, link.short_id.clone())).collect()
    }

    /// Closes the way to a tenant that is being stopped.
    pub fn close(&self, tenant: TenantId) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(&tenant);
    }

    fn get(&self, tenant: TenantId) -> Result<Arc<Link>, CallError> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned().ok_or(CallError::NotRunning)
    }
}

/// Calls a tenant's admin API. `target` is path and query, percent-encoded. Whatever the tenant
/// answers comes back as it is: its problem documents are made for the public API's clients.
///
/// # Errors
/// When there is no answer.
pub async fn call(
    app: &App,
    tenant: &Tenant,
    acting: &ActingFor,
    (method, target): (Method, &str),
    body: Option<&serde_json::Value>,
) -> Result<(StatusCode, Bytes), CallError> {
    let (link, request) = signed(app, tenant, acting, (method, target), body)?;
    exchange(&link.pool, request).await
}

/// [`call`], for an answer that is passed on part by part where it is a success: it may be larger than what is read
/// whole. The body of another one is read.
///
/// # Errors
/// As [`call`]. The body ends with an error where the tenant stops sending, or says more than a file may hold.
pub async fn fetch(
    app: &App,
    tenant: &Tenant,
    acting: &ActingFor,
    (method, target): (Method, &str),
) -> Result<(StatusCode, Body), CallError> {
    let (link, request) = signed(app, tenant, acting, (method, target), None)?;
    let within = tokio::time::timeout(WITHIN, link.pool.send(request));
    let answer = within.await.map_err(|_| CallError::TimedOut)??;
    let status = answer.status();
    if status.is_success() {
        return Ok((status, passed_on(answer.into_body(), LARGEST_FILE)));
    }
    let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect();
    let body = tokio::time::timeout(WITHIN, body).await.map_err(|_| CallError::TimedOut)?;
    let body = body.map_err(|error| CallError::Unreadable(error.to_string()))?;
    Ok((status, Body::from(body.to_bytes())))
}

/// A body as it comes, no longer than `most` bytes.
fn passed_on(body: Body, most: usize) -> Body {
    let parts = Limited::new(body, most).into_data_stream();
    let timed = stream::try_unfold(parts, |mut parts| async move {
        let part = tokio::time::timeout(WITHIN, parts.next()).await.map_err(|_| CallError::TimedOut)?;
        let part = part.transpose().map_err(|error| CallError::Unreadable(error.to_string()))?;
        Ok::<_, CallError>(part.map(|bytes| (bytes, parts)))
    });
    Body::from_stream(timed)
}

/// A call as it is sent, with the word that allows it.
fn signed(
    app: &App,
    tenant: &Tenant,
    acting: &ActingFor,
    (method, target): (Method, &str),
    body: Option<&serde_json::Value>,
) -> Result<(Arc<Link>, Request<Body>), CallError> {
    let link = app.links.get(tenant.id)?;
    let body = match body {
        Some(body) => serde_json::to_vec(body).map_err(|error| CallError::Unsendable(error.to_string()))?,
        None => Vec::new(),
    };
    let now = app.clock.now().seconds();
    let assertion = Assertion {
        aud: tenant.issuer.clone(),
        sub: acting.actor.id(),
        actor: acting.actor.kind(),
        iat: now,
        exp: now + MAX_LIFETIME_SECONDS,
        jti: base64url(&app.entropy.bytes::<16>()),
        htm: method.as_str().to_owned(),
        htu: target.to_owned(),
        body: base64url(&sha256(&body)),
        request_id: acting.request_id.clone(),
    };
    let token = link.key.sign_jwt(TYPE, &assertion).map_err(|error| CallError::Unsendable(error.to_string()))?;
    let mut authorization =
        HeaderValue::try_from(format!("Bearer {token}")).map_err(|error| CallError::Unsendable(error.to_string()))?;
    authorization.set_sensitive(true);
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(HOST, host(&tenant.issuer))
        .header(AUTHORIZATION, authorization);
    if !body.is_empty() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let request = request.body(Body::from(body)).map_err(|error| CallError::Unsendable(error.to_string()))?;
    Ok((link, request))
}

/// [`call`], for an answer that has to be a success of this shape.
///
/// # Errors
/// When there is no answer, or another one.
pub async fn ask<T: DeserializeOwned>(
    app: &App,
    tenant: &Tenant,
    acting: &ActingFor,
    request: (Method, &str),
    body: Option<&(impl Serialize + Sync)>,
) -> Result<T, CallError> {
    let body = match body {
        Some(body) => Some(serde_json::to_value(body).map_err(|error| CallError::Unsendable(error.to_string()))?),
        None => None,
    };
    let (status, answer) = call(app, tenant, acting, request, body.as_ref()).await?;
    if !status.is_success() {
        return Err(CallError::Refused(status));
    }
    serde_json::from_slice(&answer).map_err(|error| CallError::Unreadable(error.to_string()))
}

/// How a tenant says it is. The one call that needs no assertion.
///
/// # Errors
/// When there is no answer, or not a healthy one.
pub async fn health(app: &App, tenant: &Tenant) -> Result<Health, CallError> {
    let link = app.links.get(tenant.id)?;
    let request = Request::get("/health")
        .header(HOST, host(&tenant.issuer))
        .body(Body::empty())
        .map_err(|error| CallError::Unsendable(error.to_string()))?;
    let (status, answer) = exchange(&link.pool, request).await?;
    if status != StatusCode::OK {
        return Err(CallError::Refused(status));
    }
    serde_json::from_slice(&answer).map_err(|error| CallError::Unreadable(error.to_string()))
}

/// The host of an issuer, with its port where it has one of its own: what a tenant is asked by.
fn host(issuer: &str) -> &str {
    let authority = issuer.split_once("://").map_or(issuer, |(_, rest)| rest);
    authority.split('/').next().unwrap_or(authority)
}

async fn exchange(pool: &Arc<Pool>, request: Request<Body>) -> Result<(StatusCode, Bytes), CallError> {
    let exchanged = async {
        let answer = pool.send(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LARGEST_ANSWER).collect().await;
        let body = body.map_err(|error| CallError::Unreadable(error.to_string()))?.to_bytes();
        Ok((status, body))
    };
    tokio::time::timeout(WITHIN, exchanged).await.map_err(|_| CallError::TimedOut)?
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::store::tenants;
    use crate::testing::World;

    #[test]
    fn a_tenant_is_asked_by_the_host_of_its_issuer() {
        for (issuer, expected) in [
            ("http://acme.localhost:8600", "acme.localhost:8600"),
            ("https://acme.idp.example.com", "acme.idp.example.com"),
            ("https://login.acme.example:8443/", "login.acme.example:8443"),
        ] {
            assert_eq!(host(issuer), expected);
        }
    }

    #[tokio::test]
    async fn a_file_is_passed_on_as_it_comes_and_not_without_end() {
        let part = || Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 1024]));
        let file = |parts: usize| Body::from_stream(stream::iter((0..parts).map(move |_| part())));
        let whole = passed_on(file(8), 8 * 1024).collect().await.unwrap().to_bytes();
        assert_eq!(whole.len(), 8 * 1024);
        assert!(passed_on(file(9), 8 * 1024).collect().await.is_err());
        // What a tenant sends without an end is not gathered before it is refused.
        let endless = Body::from_stream(stream::repeat_with(part));
        assert!(passed_on(endless, 8 * 1024).collect().await.is_err());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g32_an_admin_socket_that_is_swapped_for_a_link_hears_no_word_of_ours() {
        let world = World::new().await;
        let app = &world.app;
        let tenant =
            tenants::by_slug(&mut app.db.read().await.unwrap(), &"acme".parse().unwrap()).await.unwrap().unwrap();
        let elsewhere = app.settings.layout.root().join("elsewhere.sock");
        let listener = tokio::net::UnixListener::bind(&elsewhere).unwrap();
        let heard = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut said = Vec::new();
            drop(stream.read_to_end(&mut said).await);
            said
        });
        let socket = app.settings.layout.tenant_run(&tenant.short_id).join(socket::ADMIN);
        std::fs::remove_file(&socket).unwrap();
        std::os::unix::fs::symlink(&elsewhere, &socket).unwrap();
        let called = call(app, &tenant, &ActingFor::system(), (Method::GET, "/settings"), None).await;
        assert!(matches!(called, Err(CallError::NoAnswer(NoAnswer::Down(_)))), "{called:?}");
        assert!(!heard.is_finished(), "nobody came, so no assertion was seen");
        heard.abort();
    }
}

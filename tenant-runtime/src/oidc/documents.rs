//! `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`: one document,
//! serialised once (A01-A03, B51). The issuer has no path, so both ways of building the address agree.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use polder_crypto::{Algorithm, sha256};
use polder_kernel::encoding::base64url;
use polder_protocol::metadata::{Capabilities, Choices, Metadata};

use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::Assurance;
use crate::settings::Issuer;

/// Pages of every origin may read it: it says nothing about a person (B92).
pub fn for_everyone(headers: &mut HeaderMap) {
    headers.insert(CORP, HeaderValue::from_static("cross-origin"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
}

const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What ID tokens and userinfo can be signed with, the default first.
pub const ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa];

/// How long anyone may keep the documents, the JWKS among them.
pub const CACHE_LIFETIME: Duration = Duration::from_secs(300);
const CACHE_CONTROL: &str = "public, max-age=300";

/// The discovery document as it goes out, for each of a tenant's choices.
pub struct Documents(Vec<(Choices, Document)>);

struct Document {
    discovery: Bytes,
    etag: HeaderValue,
}

impl Documents {
    /// Writes the documents for this issuer.
    ///
    /// # Errors
    /// When one does not become JSON.
    pub fn new(issuer: &Issuer) -> Result<Self, Internal> {
        let all = [(false, false), (false, true), (true, false), (true, true)];
        let all = all.map(|(registration, pushed_only)| Choices { registration, pushed_only });
        let written = all.into_iter().map(|choices| Ok((choices, Document::new(issuer, choices)?)));
        Ok(Self(written.collect::<Result<_, Internal>>()?))
    }

    fn of(&self, choices: Choices) -> Result<&Document, Internal> {
        let found = self.0.iter().find(|(of, _)| *of == choices);
        found.map(|(_, document)| document).ok_or(Internal::NotReady("the document was not written"))
    }
}

impl Document {
    fn new(issuer: &Issuer, choices: Choices) -> Result<Self, Internal> {
        let document = Metadata::new(Capabilities {
            issuer: issuer.as_str().to_owned(),
            id_token_algorithms: ALGORITHMS.map(|algorithm| algorithm.as_str().to_owned()).to_vec(),
            // Whatever the policies: a stronger sign-in meets a weaker wish, and is told by the word asked for.
            acr_values: Assurance::ALL.map(|level| level.acr().to_owned()).to_vec(),
            choices,
        });
        let discovery: Bytes = serde_json::to_vec(&document)?.into();
        Ok(Self { etag: etag(&discovery), discovery })
    }
}

/// A strong entity tag: the document's hash.
pub fn etag(bytes: &[u8]) -> HeaderValue {
    let text = format!("\"{}\"", base64url(&sha256(bytes)[..12]));
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// Answers the discovery document.
///
/// # Errors
/// None that can be: every document was written.
pub async fn discovery(State(app): State<Arc<App>>, headers: HeaderMap) -> Result<Response, OAuthError> {
    let settings = app.tenant.current();
    let pushed_only = settings.require_pushed_authorization_requests;
    let Document { discovery, etag } =
        app.documents.of(Choices { registration: settings.registration, pushed_only })?;
    Ok(public(&headers, discovery.clone(), etag.clone()))
}

/// A JSON document that anyone may keep for five minutes (F06).
pub fn public(request: &HeaderMap, body: Bytes, etag: HeaderValue) -> Response {
    let known = request.get(header::IF_NONE_MATCH).is_some_and(|tag| *tag == etag);
    let mut response = Response::new(if known { Body::empty() } else { Body::from(body) });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE_CONTROL));
    headers.insert(header::ETAG, etag);
    for_everyone(headers);
    response
}

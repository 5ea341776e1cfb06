//! What OpenID Providers say of themselves (OpenID Connect Discovery), and their keys.
//!
//! Both are read together and kept for an hour; when an ID token is signed by a key that is not known, or
//! no key fits, they are read again, once a minute at most, so that nobody can have us ask a provider at
//! their pace. One reads at a time per connection; what failed is not tried again for some seconds.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, IssuerUrl, ProviderMetadata};
use polder_kernel::Timestamp;
use polder_outbound::localhost;
use polder_tenant_api::connections::ConnectionId;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Problem;
use crate::App;
use crate::model::Connection;

/// How long what was read is fresh.
const FRESH: Duration = Duration::from_secs(3600);
/// How long it will do where the provider does not answer.
const STALE: Duration = Duration::from_secs(24 * 3600);
/// How often it is read again for a key that is not known.
const AGAIN: Duration = Duration::from_secs(60);
/// How long after a failure the next try waits.
const PAUSE: Duration = Duration::from_secs(5);

/// Members that the library has no room for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Further {
    /// RFC 9207: whether answers name the issuer.
    #[serde(default)]
    pub authorization_response_iss_parameter_supported: bool,
    /// RFC 7009.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revocation_endpoint: Option<String>,
}

impl AdditionalProviderMetadata for Further {}

/// What a provider says of itself, with its keys.
pub type Metadata = ProviderMetadata<
    Further,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// What providers said of themselves, by connection: never shared between two, even of one provider.
#[derive(Default)]
pub struct Discovery(Mutex<HashMap<ConnectionId, Arc<tokio::sync::Mutex<Known>>>>);

#[derive(Default)]
struct Known {
    said: Option<(Arc<Metadata>, Timestamp)>,
    /// What the connection was when it was read.
    of: Option<Timestamp>,
    failed_at: Option<Timestamp>,
}

impl Discovery {
    /// What the provider of a connection says of itself.
    ///
    /// # Errors
    /// When it does not answer, or says what cannot be.
    pub async fn of(&self, app: &App, connection: &Connection, issuer: &str) -> Result<Arc<Metadata>, Problem> {
        self.read(app, connection, issuer, FRESH).await
    }

    /// The same, read again unless that was done a minute ago: a key is not known. `None` when it was.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub async fn again(
        &self,
        app: &App,
        connection: &Connection,
        (issuer, seen): (&str, &Arc<Metadata>),
    ) -> Result<Option<Arc<Metadata>>, Problem> {
        let fresh = self.read(app, connection, issuer, AGAIN).await?;
        Ok((!Arc::ptr_eq(&fresh, seen)).then_some(fresh))
    }

    /// Forgets all but these connections.
    pub fn keep_only(&self, connections: &[Arc<Connection>]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|id, _| connections.iter().any(|connection| connection.id == *id));
    }

    async fn read(
        &self,
        app: &App,
        connection: &Connection,
        issuer: &str,
        fresh: Duration,
    ) -> Result<Arc<Metadata>, Problem> {
        let place = Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(connection.id).or_default());
        let mut known = place.lock().await;
        if known.of != Some(connection.updated_at) {
            *known = Known { of: Some(connection.updated_at), ..Known::default() };
        }
        let now = app.clock.now();
        let held = known.said.clone().filter(|(_, at)| now.since(*at) < STALE);
        if let Some((metadata, _)) = held.as_ref().filter(|(_, at)| now.since(*at) < fresh) {
            return Ok(Arc::clone(metadata));
        }
        if known.failed_at.is_some_and(|at| now.since(at) < PAUSE) {
            return held.map(|(metadata, _)| metadata).ok_or(Problem::Unusable("it did not answer a moment ago"));
        }
        match discover(app, issuer).await {
            Ok(metadata) => {
                let metadata = Arc::new(metadata);
                known.said = Some((Arc::clone(&metadata), now));
                known.failed_at = None;
                Ok(metadata)
            }
            Err(problem) => {
                known.failed_at = Some(now);
                held.map(|(metadata, _)| metadata).ok_or(problem)
            }
        }
    }
}

async fn discover(app: &App, issuer: &str) -> Result<Metadata, Problem> {
    let url = IssuerUrl::new(issuer.to_owned()).map_err(|_| Problem::Setup("the issuer is not an address"))?;
    let metadata = Metadata::discover_async(url, &app.outbound).await.map_err(|error| match error {
        // The document names another issuer than the one it was asked of (Discovery, 4.3).
        openidconnect::DiscoveryError::Validation(_) => Problem::Untrusted("it says that it is another issuer"),
        error => Problem::of_call(&error, "what it says of itself is not readable"),
    })?;
    let revocation = metadata.additional_metadata().revocation_endpoint.as_deref();
    let endpoints = [
        Some(metadata.authorization_endpoint().as_str()),
        metadata.token_endpoint().map(|url| url.as_str()),
        metadata.userinfo_endpoint().map(|url| url.as_str()),
        revocation,
    ];
    if endpoints.into_iter().flatten().all(|endpoint| is_endpoint(endpoint, issuer)) {
        Ok(metadata)
    } else {
        Err(Problem::Untrusted("an endpoint it names is not an https address"))
    }
}

/// Whether an address may be one of a provider's: https and nothing that misleads. A provider on this
/// machine, which development allows, may have others there.
pub fn is_endpoint(endpoint: &str, issuer: &str) -> bool {
    let at_home = |url: &Url| url.scheme() == "http" && url.host_str().is_some_and(localhost::is_loopback);
    let Ok(url) = Url::parse(endpoint) else { return false };
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let allowed = url.scheme() == "https" || (at_home(&url) && Url::parse(issuer).is_ok_and(|issuer| at_home(&issuer)));
    plain && allowed && url.host_str().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f13_an_endpoint_is_an_https_address() {
        assert!(is_endpoint("https://id.example/token?x=1", "https://id.example"));
        assert!(is_endpoint("http://127.0.0.1:9000/token", "http://localhost:9000"));
        for endpoint in [
            "http://id.example/token",
            "http://127.0.0.1/token",
            "javascript:alert(1)",
            "https://user@id.example/",
            "https://id.example/#x",
            "file:///etc/passwd",
            "//id.example",
        ] {
            assert!(!is_endpoint(endpoint, "https://id.example"), "{endpoint}");
        }
    }
}

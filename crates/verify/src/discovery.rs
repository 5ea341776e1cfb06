//! What is read of an issuer's metadata (RFC 8414, OpenID Connect Discovery 1.0).

use serde::Deserialize;
use url::Url;

use crate::http_client::Http;
use crate::provider::Unusable;

/// Where the issuer answers.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Metadata {
    issuer: String,
    pub(crate) jwks_uri: String,
    pub(crate) introspection_endpoint: Option<String>,
}

/// Fetches it. An issuer is believed about itself alone: what names another is refused (RFC 8414, 3.3).
pub(crate) async fn discover(http: &Http, issuer: &str) -> Result<Metadata, Unusable> {
    let found: Metadata = http.get(&format!("{issuer}/.well-known/openid-configuration")).await?;
    if found.issuer != issuer {
        return Err(Unusable("the metadata is another issuer's"));
    }
    let here = Url::parse(issuer).map_err(|_| Unusable("the issuer is not a URL"))?;
    // Nothing that was asked for encrypted is fetched in the clear.
    let endpoints = [Some(&found.jwks_uri), found.introspection_endpoint.as_ref()];
    let is_as_safe =
        |url: &String| Url::parse(url).is_ok_and(|url| url.scheme() == here.scheme() || url.scheme() == "https");
    if !endpoints.into_iter().flatten().all(is_as_safe) {
        return Err(Unusable("the metadata names an endpoint that is not encrypted"));
    }
    Ok(found)
}

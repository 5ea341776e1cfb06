//! The way to the issuer: no redirects, limits on time and size, `*.localhost` is this machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use serde::de::DeserializeOwned;

use crate::provider::Unusable;

/// How long an answer may take.
const TIME: Duration = Duration::from_secs(10);
/// How large it may be, in bytes.
const MOST: usize = 512 * 1024;

#[derive(Clone, Debug)]
pub(crate) struct Http(reqwest::Client);

impl Http {
    pub(crate) fn new() -> Result<Self, Unusable> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(TIME)
            .no_proxy()
            .dns_resolver(Arc::new(Local))
            .build()
            .map_err(|_| Unusable("no HTTP client can be made"))?;
        Ok(Self(client))
    }

    /// A JSON document.
    pub(crate) async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, Unusable> {
        read(self.0.get(url)).await
    }

    /// The JSON answer to a form, as somebody who proves themselves by HTTP Basic (RFC 6749, 2.3.1).
    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        url: &str,
        (id, secret): (&str, &str),
        form: &[(&str, &str)],
    ) -> Result<T, Unusable> {
        let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        read(self.0.post(url).basic_auth(encoded(id), Some(encoded(secret))).form(form)).await
    }
}

async fn read<T: DeserializeOwned>(request: reqwest::RequestBuilder) -> Result<T, Unusable> {
    let mut answer = request.send().await.map_err(|_| Unusable("the issuer does not answer"))?;
    if answer.status() != StatusCode::OK {
        return Err(Unusable("the issuer refuses to answer"));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|_| Unusable("the issuer's answer broke off"))? {
        if body.len() + chunk.len() > MOST {
            return Err(Unusable("the issuer's answer is too large"));
        }
        body.extend_from_slice(&chunk);
    }
    serde_json::from_slice(&body).map_err(|_| Unusable("the issuer's answer makes no sense"))
}

/// Names below `localhost` are this machine (RFC 6761, 6.3), whatever the system's resolver knows.
struct Local;

impl Resolve for Local {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let top = name.as_str().trim_end_matches('.').rsplit('.').next().unwrap_or_default().to_owned();
            let found: Vec<SocketAddr> = if top.eq_ignore_ascii_case("localhost") {
                let both = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
                both.map(|ip| SocketAddr::new(ip, 0)).to_vec()
            } else {
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect()
            };
            let addresses: Addrs = Box::new(found.into_iter());
            Ok(addresses)
        })
    }
}

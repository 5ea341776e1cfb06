//! One request to the console, as far as pages depend on it.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, Method, Uri};
use polder_hosted_pages::Frame;
use polder_kernel::encoding::base64url;
use polder_kernel::{Entropy, Locale};
use polder_service::RequestContext;
use polder_service::cookies::{Jar, Policy};

use super::Console;

/// The cookie that remembers a chosen language.
pub const LANGUAGE: &str = "lang";

/// One request to the console.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who asks.
    pub context: RequestContext,
    /// The cookies.
    pub jar: Jar,
    /// The language of the page.
    pub locale: Locale,
    /// The language the visitor has just chosen.
    pub chosen: Option<Locale>,
    /// The nonce of this response's policy.
    pub nonce: String,
    /// Path and query that show this page again, without what only held once.
    pub here: Option<String>,
}

impl Visit {
    /// Reads a request.
    pub fn of(
        (method, uri, headers): (&Method, &Uri, &HeaderMap),
        context: RequestContext,
        policy: Policy,
        entropy: &Entropy,
    ) -> Self {
        let jar = Jar::from_headers(headers, policy);
        let pairs: Vec<(String, String)> =
            url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
        let asked = pairs.iter().find(|(name, _)| name == "lang").map(|(_, value)| value.as_str());
        let locale = polder_service::locale::choose(asked, jar.get(LANGUAGE), headers);
        let chosen = asked.and_then(|tag| tag.parse().ok());
        let nonce = base64url(&entropy.bytes::<16>());
        let here = method.is_safe().then(|| here(uri.path(), &pairs));
        Self { context, jar, locale, chosen, nonce, here }
    }

    /// The frame of a page for somebody who is not signed in.
    pub fn frame<'a>(&'a self, csrf: &'a str) -> Frame<'a> {
        Frame { nonce: &self.nonce, csrf, language_path: self.here.as_deref(), ..Frame::new(self.locale, "Polder") }
    }
}

fn here(path: &str, pairs: &[(String, String)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(name, _)| name != "lang" && name != "notice" && name != "state"));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl FromRequestParts<Arc<Console>> for Visit {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, console: &Arc<Console>) -> Result<Self, Infallible> {
        if let Some(visit) = parts.extensions.get::<Self>() {
            return Ok(visit.clone());
        }
        let context = RequestContext::of(&parts.headers, &parts.extensions);
        let request = (&parts.method, &parts.uri, &parts.headers);
        Ok(Self::of(request, context, console.cookies, &console.app.entropy))
    }
}

//! One request of a person's browser: who asks, with which cookies, in which language.

use std::convert::Infallible;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::HeaderMap;
use http::request::Parts;
use polder_kernel::Locale;
use polder_service::RequestContext;
use polder_service::cookies::Jar;
use polder_service::locale;

use crate::App;

/// The cookie that remembers a language somebody chose.
pub const LANGUAGE_COOKIE: &str = "lang";

/// The cookie by which a browser is told apart from others, so that people hear of sign-ins from a new
/// one. It opens nothing.
pub const BROWSER_COOKIE: &str = "browser";
/// The cookie that remembers light or dark.
pub const LOOK_COOKIE: &str = "look";

/// One request of a person's browser. An extractor that never fails.
#[derive(Clone, Debug)]
pub struct Visit {
    /// The request's id, network and browser.
    pub context: RequestContext,
    /// Its cookies.
    pub jar: Jar,
    headers: HeaderMap,
    chosen: Option<Locale>,
}

impl Visit {
    /// A visit with these headers; `query` may hold `lang`, a choice made on the page.
    pub fn new(app: &App, context: RequestContext, headers: HeaderMap, query: Option<&str>) -> Self {
        let jar = Jar::from_headers(&headers, app.cookies());
        let chosen = query.and_then(|q| {
            let pair = q.split('&').find_map(|pair| pair.strip_prefix("lang="));
            pair.and_then(|tag| tag.parse().ok())
        });
        Self { context, jar, headers, chosen }
    }

    /// The language chosen with this very request.
    pub const fn chosen(&self) -> Option<Locale> {
        self.chosen
    }

    /// The headers it came with.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The language of pages and mails: chosen now, chosen before, asked for by the application,
    /// preferred by the browser, the tenant's own.
    pub fn locale(&self, app: &App, ui_locales: &[String]) -> Locale {
        let remembered = || self.jar.get(LANGUAGE_COOKIE).and_then(|tag| tag.parse().ok());
        if let Some(locale) = self.chosen.or_else(remembered) {
            return locale;
        }
        let asked = ui_locales.join(" ");
        if asked.is_empty() && !self.headers.contains_key(http::header::ACCEPT_LANGUAGE) {
            return app.tenant.current().default_locale;
        }
        locale::choose(Some(&asked), None, &self.headers)
    }
}

impl FromRequestParts<Arc<App>> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let context = RequestContext::of(&parts.headers, &parts.extensions);
        Ok(Self::new(app, context, parts.headers.clone(), parts.uri.query()))
    }
}

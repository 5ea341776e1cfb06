//! What all pages of a tenant share: language, nonce, hidden fields, policy.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use polder_hosted_pages::{ApplicationLinks, Frame, Look, Page};
use polder_kernel::Locale;
use polder_kernel::encoding::base64url;
use polder_service::cookies::SetCookie;
use polder_service::headers::PageCsp;
use polder_tenant_api::Settings;

use super::visit::{LANGUAGE_COOKIE, LOOK_COOKIE, Visit};
use super::waiting::Waiting;
use crate::App;
use crate::branding::Current;
use crate::model::Application;

/// The sheet a page is printed on.
pub struct Paper {
    /// The language of the page.
    pub locale: Locale,
    tenant: Arc<Settings>,
    brand: Arc<Current>,
    nonce: String,
    csrf: String,
    flow: String,
    path: String,
    leads_to: Vec<String>,
    scripts: bool,
    look: Option<Look>,
    remember: Option<SetCookie>,
    application: Option<Linked>,
}

/// An application that says what it does (A34).
struct Linked {
    name: String,
    terms: Option<String>,
    privacy: Option<String>,
}

impl Paper {
    /// For a page at `path` that belongs to no flow. `csrf` is the token of its forms, if it has any.
    pub fn new(app: &App, visit: &Visit, path: &str, csrf: &str) -> Self {
        Self {
            locale: visit.locale(app, &[]),
            tenant: app.tenant.current(),
            brand: app.branding.current(),
            nonce: base64url(&app.entropy.bytes::<16>()),
            csrf: csrf.to_owned(),
            flow: String::new(),
            path: path.to_owned(),
            leads_to: Vec::new(),
            scripts: false,
            look: visit.jar.get(LOOK_COOKIE).and_then(Look::parse),
            remember: remember(app, visit),
            application: None,
        }
    }

    /// For a page of a flow: its forms may lead to where this request's answer goes, and nowhere else.
    pub fn of_flow(app: &App, visit: &Visit, waiting: &Waiting, application: &Application) -> Self {
        let mut leads_to = vec![waiting.request.return_to.redirect_uri().to_owned()];
        leads_to.extend(application.preferences.form_action_origins.iter().cloned());
        Self {
            locale: visit.locale(app, &waiting.request.ui_locales),
            flow: waiting.handle.clone(),
            leads_to,
            application: Linked::of(application),
            ..Self::new(app, visit, &waiting.path(), &waiting.csrf(app).to_text())
        }
    }

    /// The same page, whose forms may also lead to this address.
    #[must_use]
    pub fn leading_to(mut self, address: Option<String>) -> Self {
        self.leads_to.extend(address);
        self
    }

    /// The same page, with our script for passkeys.
    #[must_use]
    pub fn with_script(mut self) -> Self {
        self.scripts = true;
        self
    }

    /// What stands around the page.
    pub fn frame(&self) -> Frame<'_> {
        Frame {
            nonce: &self.nonce,
            csrf: &self.csrf,
            flow: &self.flow,
            language_path: Some(&self.path),
            look: self.look,
            brand: self.brand.shown(self.locale, self.tenant.default_locale),
            application: self.application.as_ref().map(Linked::links),
            ..Frame::new(self.locale, self.brand.name(self.locale, &self.tenant))
        }
    }

    /// The page as a response. Never stored, so that going back shows no other person's page (E17).
    pub fn print(&self, status: StatusCode, page: &impl Page) -> Response {
        let csp = PageCsp::new(&self.nonce).form_action(&self.leads_to);
        let csp = if self.scripts { csp.scripts() } else { csp }.header();
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        let mut response = (status, [(header::CONTENT_TYPE, html), csp], page.render()).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("cookie, accept-language"));
        response.headers_mut().insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
        if let Some(cookie) = &self.remember {
            cookie.append_to(response.headers_mut());
        }
        response
    }

    /// The same for a request that came too often: 429 and when to come back (D21).
    pub fn print_too_many(&self, retry_after_seconds: u64, page: &impl Page) -> Response {
        let mut response = self.print(StatusCode::TOO_MANY_REQUESTS, page);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after_seconds));
        response
    }
}

impl Linked {
    fn of(application: &Application) -> Option<Self> {
        let (terms, privacy) = (&application.preferences.tos_uri, &application.preferences.policy_uri);
        let says = terms.is_some() || privacy.is_some();
        says.then(|| Self { name: application.name.clone(), terms: terms.clone(), privacy: privacy.clone() })
    }

    fn links(&self) -> ApplicationLinks<'_> {
        ApplicationLinks { name: &self.name, terms: self.terms.as_deref(), privacy: self.privacy.as_deref() }
    }
}

/// A language chosen on a page is remembered for a year.
fn remember(app: &App, visit: &Visit) -> Option<SetCookie> {
    let year = std::time::Duration::from_secs(365 * 24 * 3600);
    visit.chosen().map(|locale| app.cookies().set(LANGUAGE_COOKIE, locale.tag()).max_age(year))
}

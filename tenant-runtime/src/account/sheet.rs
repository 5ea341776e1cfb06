//! The sheet an account page is printed on.

use axum::response::Response;
use http::StatusCode;
use polder_db::Tx;
use polder_hosted_pages::Page;
use polder_hosted_pages::account::{Outcome, Section, Shell};
use polder_kernel::Locale;

use super::door::Here;
use super::sessions;
use crate::App;
use crate::error::Internal;
use crate::oidc::end_session;
use crate::signin::page::Paper;

/// What every page of the account shares.
pub struct Sheet {
    paper: Paper,
    section: Section,
    sign_out_csrf: String,
    address: Option<String>,
    connections: bool,
    offer_end: bool,
}

impl Sheet {
    /// For a page of this part.
    pub fn new(app: &App, here: &Here, section: Section) -> Self {
        let csrf = here.csrf(app).to_text();
        Self {
            paper: Paper::new(app, &here.visit, section.path(), &csrf),
            section,
            sign_out_csrf: end_session::form_token(app, &here.signed.session).to_text(),
            address: here.others.then(|| here.signed.user.email.as_str().to_owned()),
            // Also where all are switched off: somebody may still have an account at one.
            connections: !app.connections.all().is_empty(),
            offer_end: false,
        }
    }

    /// Offers that sessions elsewhere end, where there are some: a factor changed a moment ago (E12).
    ///
    /// # Errors
    /// When the database fails.
    pub async fn after_change(self, app: &App, tx: &mut Tx, here: &Here) -> Result<Self, Internal> {
        Ok(Self { offer_end: sessions::elsewhere(app, tx, &here.signed).await?, ..self })
    }

    /// Around the page, with what was just done.
    pub fn shell<'a>(&'a self, said: Option<Outcome<'a>>) -> Shell<'a> {
        Shell {
            frame: self.paper.frame(),
            current: self.section,
            sign_out_csrf: &self.sign_out_csrf,
            address: self.address.as_deref(),
            connections: self.connections,
            said,
            offer_end: self.offer_end,
        }
    }

    /// The language of the page.
    pub const fn locale(&self) -> Locale {
        self.paper.locale
    }

    /// The language of the page, and the tenant's own.
    pub fn locales(&self, app: &App) -> (Locale, Locale) {
        (self.paper.locale, app.tenant.current().default_locale)
    }

    /// The page as a response.
    pub fn print(&self, page: &impl Page) -> Response {
        self.paper.print(StatusCode::OK, page)
    }

    /// The page with another status.
    pub fn print_as(&self, status: StatusCode, page: &impl Page) -> Response {
        self.paper.print(status, page)
    }

    /// A form again, with what was wrong.
    pub fn print_again(&self, page: &impl Page) -> Response {
        self.paper.print(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    /// The same for what came too often (D21).
    pub fn print_too_many(&self, retry_after_seconds: u64, page: &impl Page) -> Response {
        self.paper.print_too_many(retry_after_seconds, page)
    }
}

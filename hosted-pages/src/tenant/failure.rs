//! Pages for when it does not go on.

use askama::Template;

use crate::{Frame, clean};

/// Says that this person may not use the application (P19). `/signin/switch` takes another account,
/// `/signin/cancel` goes back.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/not_allowed.html")]
pub struct NotAllowed<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application's name.
    pub application: &'a str,
    /// The address that is signed in, masked.
    pub masked_address: &'a str,
}

/// Says that the sign-in waited too long or was left in another browser.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/expired.html")]
pub struct Expired<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// Where to start again: the application's name and its address on the web.
    pub back_to: Option<(&'a str, &'a str)>,
}

impl<'a> Expired<'a> {
    fn link(&self) -> Option<(&'a str, &'a str)> {
        self.back_to.and_then(|(name, url)| clean::web_link(url).map(|url| (name, url)))
    }
}

/// Says that something failed, without saying how it works inside (F15).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/error.html")]
pub struct ErrorPage<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// What failed, for the person.
    pub kind: ErrorKind,
    /// What failed, for the developer: an OAuth error code and description of our own wording.
    pub detail: Option<&'a str>,
    /// The request's id, to be found in the logs.
    pub request_id: &'a str,
}

/// What failed, as far as a person needs to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The application sent a request that cannot be answered (400).
    BadRequest,
    /// The request names no application known here, or an address that is not registered for it (400).
    UnknownApplication,
    /// A form came from elsewhere, or its token is not ours (403).
    Forbidden,
    /// The browser sent no cookie back (400).
    CookiesNeeded,
    /// There is no such page (404).
    NotFound,
    /// There is such a page, for another method (405).
    MethodNotAllowed,
    /// More was sent than a form holds (413, 414, 431).
    TooLarge,
    /// Too many requests (429).
    TooMany {
        /// After how many seconds it makes sense to try again.
        retry_after_seconds: u64,
    },
    /// The tenant cannot answer just now (503).
    Unavailable,
    /// Our own fault (500).
    Internal,
}

impl ErrorPage<'_> {
    fn title(&self) -> &'static str {
        let t = &self.frame.t().error;
        match self.kind {
            ErrorKind::BadRequest => t.bad_request_title,
            ErrorKind::UnknownApplication => t.unknown_application_title,
            ErrorKind::Forbidden => t.forbidden_title,
            ErrorKind::CookiesNeeded => t.cookies_title,
            ErrorKind::NotFound | ErrorKind::MethodNotAllowed => t.not_found_title,
            ErrorKind::TooLarge => t.too_large_title,
            ErrorKind::TooMany { .. } => t.too_many_title,
            ErrorKind::Unavailable => t.unavailable_title,
            ErrorKind::Internal => t.internal_title,
        }
    }

    fn explanation(&self) -> String {
        let t = &self.frame.t().error;
        match self.kind {
            ErrorKind::BadRequest => t.bad_request_text.to_owned(),
            ErrorKind::UnknownApplication => t.unknown_application_text.to_owned(),
            ErrorKind::Forbidden => t.forbidden_text.to_owned(),
            ErrorKind::CookiesNeeded => t.cookies_text.to_owned(),
            ErrorKind::NotFound | ErrorKind::MethodNotAllowed => t.not_found_text.to_owned(),
            ErrorKind::TooLarge => t.too_large_text.to_owned(),
            ErrorKind::TooMany { retry_after_seconds } => t.too_many_text(self.frame.t().wait(retry_after_seconds)),
            ErrorKind::Unavailable => t.unavailable_text.to_owned(),
            ErrorKind::Internal => t.internal_text.to_owned(),
        }
    }
}

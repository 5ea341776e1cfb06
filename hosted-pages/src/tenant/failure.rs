//! Pages for when it does not go on.

use std::borrow::Cow;

use askama::Template;

use crate::texts::Texts;
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
    /// The network is on a list of those that abuse comes from (403).
    Blocked,
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

impl ErrorKind {
    pub(crate) const fn title(self, t: &Texts) -> &'static str {
        let t = &t.error;
        match self {
            Self::BadRequest => t.bad_request_title,
            Self::UnknownApplication => t.unknown_application_title,
            Self::Forbidden => t.forbidden_title,
            Self::Blocked => t.blocked_title,
            Self::CookiesNeeded => t.cookies_title,
            Self::NotFound | Self::MethodNotAllowed => t.not_found_title,
            Self::TooLarge => t.too_large_title,
            Self::TooMany { .. } => t.too_many_title,
            Self::Unavailable => t.unavailable_title,
            Self::Internal => t.internal_title,
        }
    }

    pub(crate) fn explanation(self, t: &Texts) -> Cow<'static, str> {
        let error = &t.error;
        Cow::Borrowed(match self {
            Self::BadRequest => error.bad_request_text,
            Self::UnknownApplication => error.unknown_application_text,
            Self::Forbidden => error.forbidden_text,
            Self::Blocked => error.blocked_text,
            Self::CookiesNeeded => error.cookies_text,
            Self::NotFound | Self::MethodNotAllowed => error.not_found_text,
            Self::TooLarge => error.too_large_text,
            Self::TooMany { retry_after_seconds } => {
                return Cow::Owned(error.too_many_text(t.wait(retry_after_seconds)));
            }
            Self::Unavailable => error.unavailable_text,
            Self::Internal => error.internal_text,
        })
    }
}

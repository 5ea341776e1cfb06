//! The one form of all mails: a heading, what there is to say, where it happened, and what to do if it was
//! somebody else.

use askama::Template;
use polder_kernel::{Locale, Timestamp};

use super::Rendered;
use crate::brand::Theme;
use crate::texts::texts;
use crate::{Device, Page, clean, when};

/// What both parts of a mail show, clean of what could break a line.
pub(super) struct Letter<'a> {
    pub(super) locale: Locale,
    pub(super) theme: &'a Theme,
    /// Whose mail it is.
    pub(super) tenant: String,
    pub(super) subject: String,
    pub(super) heading: String,
    /// A code, shown large.
    pub(super) code: Option<&'a str>,
    pub(super) lines: Vec<String>,
    /// A line that stands out.
    pub(super) firm: Option<String>,
    /// An address on our own pages.
    pub(super) link: Option<&'a str>,
    pub(super) facts_title: &'static str,
    /// Label and value.
    pub(super) facts: Vec<(&'static str, String)>,
    pub(super) not_you: String,
}

#[derive(Template)]
#[template(path = "mail/letter.html")]
struct Html<'a>(&'a Letter<'a>);

#[derive(Template)]
#[template(path = "mail/letter.txt")]
struct Text<'a>(&'a Letter<'a>);

impl Letter<'_> {
    /// Subject and both parts.
    pub(super) fn render(self) -> Rendered {
        let (text, html) = (Page::render(&Text(&self)), Page::render(&Html(&self)));
        Rendered { subject: self.subject, text, html }
    }
}

/// Where something was done.
#[derive(Clone, Copy)]
pub(super) struct Where<'a> {
    pub(super) browser: Device,
    pub(super) at: Timestamp,
    pub(super) place: Option<&'a str>,
}

impl Where<'_> {
    /// As label and value.
    pub(super) fn facts(self, locale: Locale) -> [(&'static str, String); 3] {
        let t = texts(locale);
        let place = self.place.map_or_else(|| t.mail.place_unknown.to_owned(), clean::line);
        [
            (t.mail.browser, self.browser.describe(t)),
            (t.mail.time, when::moment(locale, self.at)),
            (t.mail.place, place),
        ]
    }
}

//! The mail with a sign-in code.

use askama::Template;
use polder_kernel::{Locale, Timestamp};

use super::Rendered;
use crate::texts::{Texts, texts};
use crate::{Device, Page, clean, when};

/// A sign-in code and where it was asked for. Its subject never holds the code: subjects show on
/// locked screens and in logs of mail servers.
#[derive(Clone, Copy)]
pub struct SignInCode<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The tenant's name.
    pub tenant_name: &'a str,
    /// What the code is for.
    pub purpose: CodePurpose<'a>,
    /// The code: digits.
    pub code: &'a str,
    /// How many minutes it works.
    pub minutes: u32,
    /// The browser that asked.
    pub browser: Device,
    /// When it asked.
    pub at: Timestamp,
    /// Roughly where from, such as a town or a network; `None` when that is not known.
    pub place: Option<&'a str>,
}

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodePurpose<'a> {
    /// Signing in, to an application that waits where there is one.
    SignIn(Option<&'a str>),
    /// Making this the address of an account (D19).
    NewAddress,
}

#[derive(Template)]
#[template(path = "mail/sign_in_code.html")]
struct Html<'a>(&'a View);

#[derive(Template)]
#[template(path = "mail/sign_in_code.txt")]
struct Text<'a>(&'a View);

/// What both parts show.
struct View {
    locale: Locale,
    tenant: String,
    title: String,
    intro: String,
    code: String,
    minutes: String,
    not_you: &'static str,
    browser: String,
    time: String,
    place: String,
}

impl SignInCode<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let view = self.view();
        Rendered { subject: view.title.clone(), text: Page::render(&Text(&view)), html: Page::render(&Html(&view)) }
    }

    fn view(&self) -> View {
        let t = texts(self.locale);
        let tenant = clean::line(self.tenant_name);
        let (title, intro, not_you) = match self.purpose {
            CodePurpose::SignIn(None) => (t.mail.code_subject(&tenant), t.mail.code_intro(&tenant), t.mail.not_you),
            CodePurpose::SignIn(Some(application)) => {
                (t.mail.code_subject(&tenant), t.mail.code_intro_for(clean::line(application)), t.mail.not_you)
            }
            CodePurpose::NewAddress => {
                let n = &t.news;
                (n.address_code(&tenant), n.address_code_text.to_owned(), n.address_code_not_you)
            }
        };
        View {
            locale: self.locale,
            title,
            intro,
            not_you,
            tenant,
            code: self.code.to_owned(),
            minutes: t.mail.code_minutes(t.minutes(self.minutes)),
            browser: self.browser.describe(t),
            time: when::moment(self.locale, self.at),
            place: self.place.map_or_else(|| t.mail.place_unknown.to_owned(), clean::line),
        }
    }
}

impl View {
    const fn t(&self) -> &'static Texts {
        texts(self.locale)
    }

    /// Where the code was asked for, as label and value.
    fn facts(&self) -> [(&'static str, &str); 3] {
        let t = &self.t().mail;
        [(t.browser, &self.browser), (t.time, &self.time), (t.place, &self.place)]
    }
}

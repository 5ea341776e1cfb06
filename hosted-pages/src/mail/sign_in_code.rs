//! The mail with a sign-in code.

use polder_kernel::{Locale, Timestamp};

use super::Rendered;
use super::letter::{Letter, Where};
use crate::brand::Theme;
use crate::texts::texts;
use crate::{Device, clean};

/// A sign-in code and where it was asked for. Its subject never holds the code: subjects show on
/// locked screens and in logs of mail servers.
#[derive(Clone, Copy)]
pub struct SignInCode<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The tenant's name.
    pub tenant_name: &'a str,
    /// The tenant's colours.
    pub theme: &'a Theme,
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

impl SignInCode<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let t = texts(self.locale);
        let tenant = clean::line(self.tenant_name);
        let (subject, heading, not_you) = match self.purpose {
            CodePurpose::SignIn(None) => (t.mail.code_subject(&tenant), t.mail.code_intro(&tenant), t.mail.not_you),
            CodePurpose::SignIn(Some(application)) => {
                (t.mail.code_subject(&tenant), t.mail.code_intro_for(clean::line(application)), t.mail.not_you)
            }
            CodePurpose::NewAddress => {
                let n = &t.news;
                (n.address_code(&tenant), n.address_code_text.to_owned(), n.address_code_not_you)
            }
        };
        Letter {
            locale: self.locale,
            theme: self.theme,
            tenant,
            subject,
            heading,
            code: Some(self.code),
            lines: vec![t.mail.code_minutes(t.minutes(self.minutes))],
            firm: Some(t.mail.do_not_share.to_owned()),
            link: None,
            facts_title: t.mail.requested,
            facts: Where { browser: self.browser, at: self.at, place: self.place }.facts(self.locale).into(),
            not_you: not_you.to_owned(),
        }
        .render()
    }
}

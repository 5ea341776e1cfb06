//! The mail to an address that wants an organisation of its own in the console. Its link opens a page with a form; whoever
//! follows it still proves the address.

use polder_kernel::{Locale, Timestamp};

use super::Rendered;
use super::letter::Letter;
use crate::brand::Theme;
use crate::texts::texts;
use crate::{clean, when};

/// Says what was asked for, and until when the link works.
#[derive(Clone, Copy, Debug)]
pub struct SignUpLink<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The console's colours.
    pub theme: &'a Theme,
    /// The address that asked.
    pub address: &'a str,
    /// The page to go on at.
    pub link: &'a str,
    /// Until when it can be used.
    pub until: Timestamp,
}

impl SignUpLink<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let t = &texts(self.locale).mail;
        let link = clean::web_link(self.link);
        let heading = t.sign_up.to_owned();
        Letter {
            locale: self.locale,
            theme: self.theme,
            subject: heading.clone(),
            heading,
            code: None,
            lines: vec![t.sign_up_text.to_owned(), t.sign_up_until(when::moment(self.locale, self.until))],
            firm: link.map(|_| t.sign_up_where.to_owned()),
            link,
            facts_title: t.sign_up_whom,
            facts: vec![(t.invitation_address, clean::line(self.address))],
            not_you: t.sign_up_not_you.to_owned(),
            tenant: "Polder".to_owned(),
        }
        .render()
    }
}

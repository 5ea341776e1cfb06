//! The mail to somebody who is invited to an organisation of the console. Its link opens a page with a form; whoever
//! follows it still proves the address.

use polder_kernel::{Locale, Timestamp};

use super::Rendered;
use super::letter::Letter;
use crate::brand::Theme;
use crate::texts::texts;
use crate::{clean, when};

/// Says who invites, and until when.
#[derive(Clone, Copy, Debug)]
pub struct MemberInvitation<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The console's colours.
    pub theme: &'a Theme,
    /// The organisation's name.
    pub organisation: &'a str,
    /// The invited address.
    pub address: &'a str,
    /// The page that takes the invitation.
    pub link: &'a str,
    /// Until when it can be used.
    pub until: Timestamp,
}

impl MemberInvitation<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let t = &texts(self.locale).mail;
        let organisation = clean::line(self.organisation);
        let link = clean::web_link(self.link);
        let heading = t.member(&organisation);
        Letter {
            locale: self.locale,
            theme: self.theme,
            subject: heading.clone(),
            heading,
            code: None,
            lines: vec![t.member_text(&organisation), t.member_until(when::moment(self.locale, self.until))],
            firm: link.map(|_| t.member_where.to_owned()),
            link,
            facts_title: t.member_whom,
            facts: vec![(t.invitation_address, clean::line(self.address))],
            not_you: t.member_not_you.to_owned(),
            tenant: "Polder".to_owned(),
        }
        .render()
    }
}

//! The mail to somebody an administrator made an account for. It holds nothing secret: whoever reads it
//! still proves the address.

use polder_kernel::Locale;

use super::Rendered;
use super::letter::Letter;
use crate::brand::Theme;
use crate::clean;
use crate::texts::texts;

/// Says that there is an account, and where to sign in.
#[derive(Clone, Copy, Debug)]
pub struct Invitation<'a> {
    /// The language of the mail.
    pub locale: Locale,
    /// The tenant's name.
    pub tenant_name: &'a str,
    /// The tenant's colours.
    pub theme: &'a Theme,
    /// The person's address.
    pub address: &'a str,
    /// Where to sign in: a page of the tenant.
    pub sign_in: &'a str,
}

impl Invitation<'_> {
    /// Subject and both parts.
    pub fn render(&self) -> Rendered {
        let t = &texts(self.locale).mail;
        let tenant = clean::line(self.tenant_name);
        let link = clean::web_link(self.sign_in);
        let heading = t.invitation(&tenant);
        Letter {
            locale: self.locale,
            theme: self.theme,
            subject: heading.clone(),
            heading,
            code: None,
            lines: vec![t.invitation_text(&tenant)],
            firm: link.map(|_| t.invitation_where.to_owned()),
            link,
            facts_title: t.invitation_account,
            facts: vec![(t.invitation_address, clean::line(self.address))],
            not_you: t.invitation_not_you.to_owned(),
            tenant,
        }
        .render()
    }
}

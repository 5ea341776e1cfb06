//! The question whether an application of somebody else may have what it asks for.

use askama::Template;

use crate::Frame;
use crate::texts::Texts;

/// Which wording the page has, for the record of what a person agreed to. Changes with the texts.
pub const CONSENT_TEXT: &str = "2026-11.2";

/// Asks for consent: who asks, from where, for what, in whose name (B97). `form#consent-form` posts to
/// `/signin/consent`, others to `/signin/switch` and `/signin/cancel`.
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/consent.html")]
pub struct Consent<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that asks.
    pub application: &'a str,
    /// Where it lives, as verified: the host of its redirect; `None` for programs on a device.
    pub destination: Option<&'a str>,
    /// The person's name; may be empty.
    pub name: &'a str,
    /// The person's address, masked.
    pub masked_address: &'a str,
    /// Stands for this person in the form: the answer counts for nobody else.
    pub person: &'a str,
    /// What is asked for.
    pub asked: &'a [Asked<'a>],
}

/// One thing an application asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked<'a> {
    /// To recognise the person.
    WhoYouAre,
    /// Name and language.
    Profile,
    /// The e-mail address.
    Address,
    /// The roles in this tenant.
    Roles,
    /// Fields of the profile, by what people call them.
    Details(&'a str),
    /// Access while the person is away.
    WhileAway,
    /// Something that only the application's interface knows, by its name.
    Named(&'a str),
}

impl Consent<'_> {
    fn line(&self, asked: Asked<'_>) -> &'static str {
        asked.line(self.frame.t())
    }
}

impl<'a> Asked<'a> {
    /// What a page says of it.
    pub(super) const fn line(self, t: &Texts) -> &'static str {
        let t = &t.consent;
        match self {
            Self::WhoYouAre => t.who_you_are,
            Self::Profile => t.profile,
            Self::Address => t.address,
            Self::Roles => t.roles,
            Self::Details(_) => t.details,
            Self::WhileAway => t.while_away,
            Self::Named(_) => t.named,
        }
    }

    pub(super) const fn details(self) -> Option<&'a str> {
        match self {
            Self::Details(labels) => Some(labels),
            _ => None,
        }
    }

    pub(super) const fn name(self) -> Option<&'a str> {
        match self {
            Self::Named(name) => Some(name),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use polder_kernel::Locale;

    use super::*;

    /// A record of consent names the wording: whoever changes a text gives it a new name too.
    #[test]
    fn p8_the_wording_and_its_name_change_together() {
        let words = |locale| {
            let t = &Frame::new(locale, "").t().consent;
            [t.who_you_are, t.profile, t.address, t.roles, t.details, t.while_away, t.named, t.withdraw].concat()
        };
        let text = [words(Locale::En), words(Locale::Nl)].concat();
        let sum = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        assert_eq!(
            (CONSENT_TEXT, sum),
            ("2026-11.2", 1_710_479_173_940_685_160),
            "give the new wording a new name, then its sum here"
        );
    }
}

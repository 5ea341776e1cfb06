//! What stands at a tenant's address while the tenant itself cannot answer: a title and a sentence.

use polder_kernel::Locale;

use crate::texts::texts;

/// A sign at the door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Nobody can sign in here for now; it does not say why.
    Closed,
    /// No site has this address.
    NothingHere,
    /// The request could not be understood.
    NotUnderstood,
    /// The request is larger than is taken.
    TooLarge,
    /// It may work in a moment.
    OneMoment,
}

impl Sign {
    /// Title and sentence: plain text that needs no escaping.
    pub const fn words(self, locale: Locale) -> (&'static str, &'static str) {
        let t = &texts(locale).sign;
        match self {
            Self::Closed => (t.closed, t.closed_text),
            Self::NothingHere => (t.nothing_here, t.nothing_here_text),
            Self::NotUnderstood => (t.not_understood, t.not_understood_text),
            Self::TooLarge => (t.too_large, t.too_large_text),
            Self::OneMoment => (t.one_moment, t.one_moment_text),
        }
    }
}

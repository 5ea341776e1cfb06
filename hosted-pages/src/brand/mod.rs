//! How a tenant's pages and mails look like its own: a logo, colours, a radius, texts and links. Colours and
//! radius are typed values, which we write into a style sheet ourselves; nothing that a tenant gives is ever
//! style, script or markup (F03).

mod colour;
mod theme;
mod wish;

pub use colour::Colour;
pub use theme::{Palette, Theme};
pub use wish::{Refused, Why, theme};

/// What of a tenant's own stands around its pages.
#[derive(Clone, Copy, Debug, Default)]
pub struct Brand<'a> {
    /// Path of the style sheet with its colours, on the tenant's own host.
    pub style: Option<&'a str>,
    /// Its logo, in place of the first letter of its name.
    pub logo: Option<Logo<'a>>,
    /// A line that greets, where people sign in.
    pub welcome: Option<&'a str>,
    /// Whom to turn to.
    pub help: Option<&'a str>,
    /// Its terms.
    pub terms: Option<&'a str>,
    /// What it does with personal data.
    pub privacy: Option<&'a str>,
}

/// A picture on the tenant's own host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Logo<'a> {
    /// Where it is: a path, or a `data:` address in a preview.
    pub src: &'a str,
    /// Width in pixels of the picture.
    pub width: u32,
    /// Height in pixels of the picture.
    pub height: u32,
    /// Whether what is behind it shows through: in the dark it stands on a white plate then.
    pub transparent: bool,
}

impl Brand<'_> {
    /// Nothing of one's own.
    pub const NONE: Self = Self { style: None, logo: None, welcome: None, help: None, terms: None, privacy: None };

    /// The links as they may stand on a page.
    pub(crate) fn links(&self) -> (Option<&str>, Option<&str>) {
        (self.terms.filter(is_secure), self.privacy.filter(is_secure))
    }
}

/// Pages lead to https alone, whoever let something else pass.
pub fn is_secure(link: &&str) -> bool {
    link.starts_with("https://")
}

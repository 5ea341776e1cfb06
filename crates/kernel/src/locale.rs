//! The languages that pages and mails exist in.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The languages, first the one of last resort: name here, BCP 47 tag, name in itself.
macro_rules! languages {
    ($($variant:ident $tag:literal $own_name:literal,)+) => {
        /// A language that pages and mails exist in. A new one is a file `hosted-pages/locales/TAG.toml` and a
        /// line below; nothing else names a language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Locale {
            $(#[doc = $own_name] #[serde(rename = $tag)] $variant,)+
        }

        impl Locale {
            /// Every language, in the order a chooser shows them.
            pub const ALL: [Self; [$($tag),+].len()] = [$(Self::$variant),+];

            /// The BCP 47 tag.
            pub const fn tag(self) -> &'static str {
                match self { $(Self::$variant => $tag,)+ }
            }

            /// The language's name in itself, for a chooser.
            pub const fn own_name(self) -> &'static str {
                match self { $(Self::$variant => $own_name,)+ }
            }
        }
    };
}

languages! {
    En "en" "English",
    Nl "nl" "Nederlands",
}

impl Locale {
    /// The first known language in OpenID Connect `ui_locales`: space-separated BCP 47 tags in
    /// order of preference (Core 3.1.2.1). Region and script are ignored; unknown tags are skipped.
    pub fn from_ui_locales(ui_locales: &str) -> Option<Self> {
        ui_locales.split(' ').find_map(Self::from_tag)
    }

    /// The best known language in an `Accept-Language` header (RFC 9110, 12.5.4).
    pub fn from_accept_language(header: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for range in header.split(',').take(32) {
            let mut parts = range.trim().split(';');
            let Some(locale) = parts.next().and_then(Self::from_tag) else { continue };
            let weight = parts.find_map(|p| p.trim().strip_prefix("q=")).map_or(1.0, |q| q.parse().unwrap_or(0.0));
            if weight > 0.0 && best.is_none_or(|(_, w)| weight > w) {
                best = Some((locale, weight));
            }
        }
        best.map(|(locale, _)| locale)
    }

    fn from_tag(tag: &str) -> Option<Self> {
        let language = tag.split(['-', '_']).next()?;
        Self::ALL.into_iter().find(|l| l.tag().eq_ignore_ascii_case(language))
    }
}

impl Default for Locale {
    fn default() -> Self {
        Self::ALL[0]
    }
}

impl fmt::Display for Locale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.tag())
    }
}

/// The text is not the tag of a language that Polder speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a language Polder speaks")]
pub struct UnknownLocale;

impl FromStr for Locale {
    type Err = UnknownLocale;
    fn from_str(text: &str) -> Result<Self, UnknownLocale> {
        Self::ALL.into_iter().find(|l| l.tag() == text).ok_or(UnknownLocale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a16_ui_locales_picks_the_first_known_language() {
        assert_eq!(Locale::from_ui_locales("fr-CA nl-BE en"), Some(Locale::Nl));
        assert_eq!(Locale::from_ui_locales("tlh x-none"), None);
    }

    #[test]
    fn accept_language_is_weighed() {
        assert_eq!(Locale::from_accept_language("fr, en;q=0.5, nl;q=0.8"), Some(Locale::Nl));
        assert_eq!(Locale::from_accept_language("nl;q=0, en;q=0.1"), Some(Locale::En));
        assert_eq!(Locale::from_accept_language(";;q=,,"), None);
    }
}

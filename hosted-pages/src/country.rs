//! A country, in words. Names are those of the Unicode CLDR (`countries/*.toml`).

use polder_kernel::Locale;

include!(concat!(env!("OUT_DIR"), "/countries.rs"));

/// A country that has a name here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Country(&'static str);

impl Country {
    /// The country with this ISO 3166-1 code of two capital letters. What is none is nothing, so that no other
    /// text of a database gets on a page.
    pub fn from_code(code: &str) -> Option<Self> {
        let reference = names("");
        reference.binary_search_by_key(&code, |(known, _)| known).ok().map(|at| Self(reference[at].0))
    }

    /// What the country with this code is called in a language; nothing where it is not known.
    pub fn in_words(code: Option<&str>, locale: Locale) -> &'static str {
        code.and_then(Self::from_code).map_or("", |country| country.name(locale))
    }

    /// What it is called in a language; its code where that language has no name for it.
    pub fn name(self, locale: Locale) -> &'static str {
        let names = names(locale.tag());
        names.binary_search_by_key(&self.0, |(code, _)| code).map_or(self.0, |at| names[at].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k7_countries_have_names_in_every_language_and_nothing_else_is_one() {
        for locale in Locale::ALL {
            for (code, _) in names("") {
                let name = Country::from_code(code).unwrap().name(locale);
                assert!(name.len() > 2, "{code} has no name in {locale}");
            }
        }
        let netherlands = Country::from_code("NL").unwrap();
        assert_eq!((netherlands.name(Locale::Nl), netherlands.name(Locale::En)), ("Nederland", "Netherlands"));
        for none in ["", "nl", "ZZ", "NLD", "<b>", "Netherlands"] {
            assert_eq!(Country::from_code(none), None, "{none}");
        }
    }
}

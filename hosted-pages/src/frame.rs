//! What every page of a tenant has around it.

use polder_kernel::Locale;

use crate::brand::is_secure;
use crate::texts::{Texts, texts};
use crate::{Brand, Look};

/// Common to every page of a tenant. Start from [`Frame::new`] and set what differs.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The language of the page.
    pub locale: Locale,
    /// The tenant's name as people know it.
    pub tenant_name: &'a str,
    /// The nonce of this response's Content-Security-Policy, put on links to styles; empty for none.
    pub nonce: &'a str,
    /// The hidden `csrf` of every form; empty leaves it out.
    pub csrf: &'a str,
    /// The hidden `flow` of every form: which waiting sign-in it belongs to; empty leaves it out.
    pub flow: &'a str,
    /// Path and query that show this page again by GET. Each language of the chooser is a link to it
    /// with `lang=TAG` added; without it there is no chooser.
    pub language_path: Option<&'a str>,
    /// Light or dark, where the person chose; else as the device has it.
    pub look: Option<Look>,
    /// What of the tenant's own stands around the page.
    pub brand: Brand<'a>,
    /// Where people can read what the application that they sign in to does.
    pub application: Option<ApplicationLinks<'a>>,
}

/// What an application says about itself, at addresses that were checked (Dynamic Client Registration 1.0, 2).
#[derive(Clone, Copy, Debug)]
pub struct ApplicationLinks<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its terms.
    pub terms: Option<&'a str>,
    /// Its privacy statement.
    pub privacy: Option<&'a str>,
}

impl ApplicationLinks<'_> {
    /// Terms and privacy statement, as they may stand on a page.
    pub(crate) fn links(&self) -> (Option<&str>, Option<&str>) {
        (self.terms.filter(is_secure), self.privacy.filter(is_secure))
    }
}

impl<'a> Frame<'a> {
    /// A frame without forms' hidden fields, nonce and language chooser.
    pub const fn new(locale: Locale, tenant_name: &'a str) -> Self {
        Self {
            locale,
            tenant_name,
            nonce: "",
            csrf: "",
            flow: "",
            language_path: None,
            look: None,
            brand: Brand::NONE,
            application: None,
        }
    }

    pub(crate) const fn t(&self) -> &'static Texts {
        texts(self.locale)
    }

    /// The first letter of the tenant's name, for its monogram.
    pub(crate) fn initial(&self) -> String {
        self.tenant_name
            .chars()
            .find(|c| c.is_alphanumeric())
            .map_or_else(|| "·".to_owned(), |c| c.to_uppercase().collect())
    }

    /// The other languages this page exists in.
    pub(crate) fn languages(&self) -> Vec<Language> {
        self.language_path.map(|path| languages(path, self.locale)).unwrap_or_default()
    }
}

/// One entry of the language chooser.
pub(crate) struct Language {
    pub(crate) locale: Locale,
    pub(crate) href: String,
    pub(crate) current: bool,
}

/// The chooser's entries for a page at `path`.
pub(crate) fn languages(path: &str, current: Locale) -> Vec<Language> {
    // A path on this origin only: `//host` and `https:` would lead elsewhere.
    if !path.starts_with('/') || path.starts_with("//") || path.starts_with("/\\") {
        return Vec::new();
    }
    let joint = if path.contains('?') { '&' } else { '?' };
    let entry = |locale: Locale| Language {
        locale,
        href: format!("{path}{joint}lang={}", locale.tag()),
        current: locale == current,
    };
    Locale::ALL.into_iter().map(entry).collect()
}

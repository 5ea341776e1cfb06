//! Every page and mail with sample data, for the tests and for `examples/preview.rs`.

use polder_hosted_pages::mail::Rendered;
use polder_kernel::Locale;

pub mod account;
pub mod branded;
pub mod console;
pub mod factors;
pub mod fields;
pub mod mails;
pub mod organisation;
pub mod people;
pub mod problem_kinds;
pub mod tenant;
pub mod try_out;
pub mod usage;

/// The texts that people and applications bring.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub tenant: &'a str,
    pub application: &'a str,
    pub person: &'a str,
    pub address: &'a str,
    pub url: &'a str,
    pub other: &'a str,
}

impl<'a> Words<'a> {
    /// What a page usually shows.
    pub const USUAL: Words<'static> = Words {
        tenant: "Practice",
        application: "Coach portal",
        person: "Ann de Vries",
        address: "a…@example.test",
        url: "https://portal.example.test/",
        other: "invalid_request: redirect_uri is not registered",
    };

    /// One text in every place.
    pub const fn all(text: &'a str) -> Self {
        Self { tenant: text, application: text, person: text, address: text, url: text, other: text }
    }
}

/// A page under the name it is previewed and tested as.
pub struct Sample {
    pub name: String,
    pub html: String,
}

/// Every page in one language.
pub fn pages(locale: Locale, words: Words<'_>) -> Vec<Sample> {
    let mut pages = tenant::pages(locale, words);
    pages.extend(console::pages(locale, words));
    pages.extend(problem_kinds::pages(locale, words));
    pages.extend(organisation::pages(locale, words));
    pages.extend(people::pages(locale, words));
    pages.extend(usage::pages(locale, words));
    pages.extend(try_out::pages(locale, words));
    pages
}

/// Every mail in one language.
pub fn mails(locale: Locale, words: Words<'_>) -> Vec<(&'static str, Rendered)> {
    mails::all(locale, words)
}

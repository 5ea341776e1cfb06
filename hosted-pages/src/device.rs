//! Which browser on which system, from a `User-Agent` header.
//!
//! The header is the visitor's own text, so it never reaches a page or a mail: it is recognised as one
//! of the names below or as unknown (D12).

use polder_kernel::Locale;

use crate::texts::{Texts, texts};

/// A recognised browser and system.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser's name.
    pub browser: Option<&'static str>,
    /// The operating system's name.
    pub system: Option<&'static str>,
}

/// Marks in the order they decide: most browsers also claim to be the ones below them.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Vivaldi/", "Vivaldi"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("HeadlessChrome/", "Chrome"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "macOS"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

impl Device {
    /// Recognises a `User-Agent` header.
    pub fn from_user_agent(header: &str) -> Self {
        Self { browser: first(&BROWSERS, header), system: first(&SYSTEMS, header) }
    }

    /// In words, in a language.
    pub fn name(self, locale: Locale) -> String {
        self.describe(texts(locale))
    }

    /// In words, such as `Firefox on Linux`.
    pub(crate) fn describe(self, t: &Texts) -> String {
        match (self.browser, self.system) {
            (Some(browser), Some(system)) => t.device.browser_on(browser, system),
            (Some(name), None) | (None, Some(name)) => name.to_owned(),
            (None, None) => t.device.unknown.to_owned(),
        }
    }

    /// The same as a heading.
    pub(crate) fn title(self, t: &Texts) -> String {
        if self == Self::default() { t.device.unknown_title.to_owned() } else { self.describe(t) }
    }
}

fn first(marks: &[(&str, &'static str)], header: &str) -> Option<&'static str> {
    marks.iter().find(|(mark, _)| header.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d12_browsers_are_recognised_and_nothing_is_repeated() {
        let cases = [
            ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Some("Firefox"), Some("Linux")),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                Some("Edge"),
                Some("Windows"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                Some("Safari"),
                Some("iPhone"),
            ),
            ("Call +31 6 evil <b>now</b>", None, None),
        ];
        for (header, browser, system) in cases {
            assert_eq!(Device::from_user_agent(header), Device { browser, system }, "{header}");
        }
    }
}

//! What choices are taken: colours that can be read, texts that are plain, links to https.

use polder_hosted_pages::brand;
use polder_service::Problem;
use polder_service::problem::FieldError;
use polder_tenant_api::{BrandTexts, BrandingChoices};

use crate::account::name;
use crate::error::ProblemError;

/// The longest name on pages, in characters.
const LONGEST_NAME: usize = 64;
/// The longest other text, in characters.
const LONGEST_TEXT: usize = 200;
/// The longest link, in bytes.
const LONGEST_LINK: usize = 2048;

/// The choices as they are stored: texts trimmed, empty ones left out.
///
/// # Errors
/// Everything that is wrong with them, at once.
pub fn accept(choices: BrandingChoices) -> Result<BrandingChoices, ProblemError> {
    let mut wrong = Vec::new();
    if let Err(refused) = brand::theme(&choices) {
        wrong.extend(refused.into_iter().map(|one| problem(format!("/{}", one.field), one.why.to_string())));
    }
    let mut accepted = BrandingChoices { texts: std::collections::BTreeMap::new(), ..choices.clone() };
    for (locale, texts) in choices.texts {
        let mut text = |field: &str, text: Option<String>, check: fn(&str) -> Result<String, String>| {
            let given = text.filter(|text| !text.trim().is_empty())?;
            let checked = check(&given);
            checked.map_err(|why| wrong.push(problem(format!("/texts/{locale}/{field}"), why))).ok()
        };
        let texts = BrandTexts {
            name: text("name", texts.name, |text| line(text, LONGEST_NAME)),
            welcome: text("welcome", texts.welcome, |text| line(text, LONGEST_TEXT)),
            help: text("help", texts.help, |text| line(text, LONGEST_TEXT)),
            terms_url: text("terms_url", texts.terms_url, link),
            privacy_url: text("privacy_url", texts.privacy_url, link),
        };
        if texts != BrandTexts::default() {
            accepted.texts.insert(locale, texts);
        }
    }
    if wrong.is_empty() { Ok(accepted) } else { Err(Problem::invalid(wrong).into()) }
}

/// One line of plain text: nothing that breaks it, turns it or hides in it (F18).
fn line(text: &str, longest: usize) -> Result<String, String> {
    if text.chars().any(name::misleads) {
        return Err("is plain text on one line, without control characters".to_owned());
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > longest {
        return Err(format!("is longer than {longest} characters"));
    }
    Ok(line)
}

/// An https address with a host, and nobody's name or password in it.
fn link(text: &str) -> Result<String, String> {
    let parsed = url::Url::parse(text).ok().filter(|url| {
        url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    match parsed {
        Some(url) if url.as_str().len() <= LONGEST_LINK && !text.chars().any(name::misleads) => Ok(url.into()),
        _ => Err("is an https address such as https://example.com/terms".to_owned()),
    }
}

fn problem(pointer: String, detail: String) -> FieldError {
    FieldError { pointer, detail }
}

#[cfg(test)]
mod tests {
    use polder_kernel::Locale;

    use super::*;

    fn with(texts: BrandTexts) -> BrandingChoices {
        BrandingChoices { texts: [(Locale::default(), texts)].into(), ..BrandingChoices::default() }
    }

    #[test]
    fn f03_texts_are_plain_and_links_lead_to_https() {
        let texts = BrandTexts {
            name: Some("  Praktijk   De <b>Vries</b> ".to_owned()),
            welcome: Some(" ".to_owned()),
            terms_url: Some("https://vries.example/terms?a=1#b".to_owned()),
            ..BrandTexts::default()
        };
        let accepted = accept(with(texts)).map_err(drop).unwrap();
        let kept = &accepted.texts[&Locale::default()];
        assert_eq!(kept.name.as_deref(), Some("Praktijk De <b>Vries</b>"), "markup is text like any other");
        assert_eq!(kept.welcome, None);
        assert_eq!(kept.terms_url.as_deref(), Some("https://vries.example/terms?a=1#b"));
    }

    #[test]
    fn f03_links_that_are_no_https_address_are_refused() {
        for hostile in [
            "javascript:alert(1)",
            "http://vries.example/",
            "//vries.example",
            "data:text/html,x",
            "https://bank.example@evil.example/",
            "https://",
            "https://a\u{202e}b.example/",
            "\u{0}javascript:alert(1)",
            "vries.example",
        ] {
            assert!(link(hostile).is_err(), "{hostile}");
        }
        assert!(link(&format!("https://vries.example/{}", "x".repeat(LONGEST_LINK))).is_err());
    }

    #[test]
    fn f18_texts_that_break_or_turn_a_line_are_refused() {
        for hostile in ["a\r\nBcc: eve@example.test", "a\u{202e}b", "a\u{0}", &"x".repeat(LONGEST_TEXT + 1)] {
            assert!(line(hostile, LONGEST_TEXT).is_err(), "{hostile:?}");
        }
    }
}

//! The mails: what they say, and what nobody can make them say (D12).

use polder_kernel::Locale;
use scraper::{Html, Selector};

use crate::samples::{self, Words};

#[test]
fn d12_the_mail_says_which_browser_time_and_place_and_not_to_share() {
    for (locale, words) in [
        (
            Locale::En,
            ["40718265", "Firefox on Linux", "21 November 2026, 09:00 CET", "Utrecht", "Do not share", "5 minutes"],
        ),
        (
            Locale::Nl,
            [
                "40718265",
                "Firefox op Linux",
                "21 november 2026, 09:00 CET",
                "Utrecht",
                "Deel deze code met niemand",
                "5 minuten",
            ],
        ),
    ] {
        let (_, mail) = samples::mails(locale, Words::USUAL).remove(0);
        for word in words {
            assert!(mail.text.contains(word), "text: {word}\n{}", mail.text);
            assert!(mail.html.contains(word), "html: {word}");
        }
        assert!(!mail.subject.contains("40718265"), "{}", mail.subject);
        assert!(mail.subject.contains("Practice"), "{}", mail.subject);
    }
}

#[test]
fn d12_hostile_names_are_inert_in_subject_text_and_html() {
    for hostile in
        ["<img src=x onerror=alert(1)>", "x\r\nBcc: eve@example.test\r\n\r\n<b>", "\u{202e}evil\u{0}", "{code}"]
    {
        for locale in Locale::ALL {
            for (name, mail) in samples::mails(locale, Words::all(hostile)) {
                assert!(!mail.subject.chars().any(char::is_control), "{name}: {:?}", mail.subject);
                assert!(!mail.subject.contains("40718265") && mail.subject.chars().count() < 160, "{name}");
                assert!(
                    !mail.text.contains("\nBcc:") && !mail.text.contains('\r') && !mail.text.contains('\u{202e}'),
                    "{name}"
                );
                let html = Html::parse_document(&mail.html);
                for absent in ["img", "a", "script", "b", "iframe", "link", "form"] {
                    assert_eq!(html.select(&Selector::parse(absent).unwrap()).count(), 0, "{name}: {absent}");
                }
            }
        }
    }
}

#[test]
fn d26_a_notice_says_what_was_changed_and_what_to_do() {
    for (locale, words) in
        [(Locale::En, ["added", "for a day", "brought back"]), (Locale::Nl, ["toegevoegd", "een dag", "terugzetten"])]
    {
        let mails = samples::mails(locale, Words::USUAL);
        let (_, mail) = mails.iter().find(|(name, _)| *name == "mail-passkey-added-waits").unwrap();
        for word in words {
            assert!(mail.text.contains(word) && mail.html.contains(word), "{word}\n{}", mail.text);
        }
        assert!(mail.subject.contains("Practice"), "{}", mail.subject);
    }
}

#[test]
fn d12_text_part_escapes_nothing_that_people_read() {
    let words = Words { tenant: "Dijk & Co’s \"Polder\"", ..Words::USUAL };
    let (_, mail) = samples::mails(Locale::Nl, words).remove(0);
    assert!(mail.text.contains(words.tenant), "{}", mail.text);
    assert!(mail.subject.contains(words.tenant), "{}", mail.subject);
    assert!(!mail.text.contains("&#"), "{}", mail.text);
}

#[test]
fn k18_mails_load_nothing() {
    for locale in Locale::ALL {
        for (name, mail) in samples::mails(locale, Words::USUAL) {
            if samples::mails::LINKED.contains(&name) {
                // A link to follow is not something that is loaded.
                assert_eq!(mail.html.matches("https://").count(), 2, "the link, and its words");
                assert_eq!(mail.text.matches("https://").count(), 1);
                continue;
            }
            assert!(
                !mail.html.contains("http://") && !mail.html.contains("https://") && !mail.html.contains("url("),
                "{name}"
            );
        }
    }
}

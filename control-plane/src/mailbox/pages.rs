//! The mailbox for people. It exists in `polder dev` alone and shows what strangers wrote: every
//! value is escaped, and a mail's HTML is framed as a document that can do nothing.

use std::fmt::Write;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use polder_kernel::Locale;

use super::Message;

/// The one style sheet; its name changes when it does.
pub const STYLE: &str = include_str!("mailbox.css");

/// Where the style sheet is.
pub const STYLE_PATH: &str = "/assets/mailbox.1.css";

struct Words {
    title: &'static str,
    to: &'static str,
    filter: &'static str,
    none: &'static str,
    back: &'static str,
    text: &'static str,
    html: &'static str,
}

/// English where it has no words of its own: nobody but developers sees this.
fn words(locale: Locale) -> Words {
    match locale.tag() {
        "nl" => Words {
            title: "Postvak",
            to: "Aan adres",
            filter: "Toon",
            none: "Nog geen berichten. Codes en uitnodigingen komen hier aan.",
            back: "Alle berichten",
            text: "Als tekst",
            html: "Zoals de ontvanger het ziet",
        },
        _ => Words {
            title: "Mailbox",
            to: "To address",
            filter: "Show",
            none: "No messages yet. Codes and invitations arrive here.",
            back: "All messages",
            text: "As text",
            html: "As the receiver sees it",
        },
    }
}

/// All messages, or those to one address.
pub fn list(messages: &[Message], to: Option<&str>, locale: Locale) -> String {
    let words = words(locale);
    let mut main = format!(
        "<h1>{}</h1><form method=\"get\" action=\"/\"><input type=\"search\" name=\"to\" value=\"{}\" \
         aria-label=\"{to}\" placeholder=\"{to}\"><button>{}</button></form>",
        words.title,
        escape(to.unwrap_or_default()),
        words.filter,
        to = words.to,
    );
    if messages.is_empty() {
        main.push_str(&format!("<p>{}</p>", words.none));
    } else {
        main.push_str("<ol>");
        for message in messages {
            // Writing to a String cannot fail.
            let _ = write!(
                main,
                "<li><a href=\"{}\"><strong>{}</strong><span class=\"facts\">{} · {} · {}</span></a></li>",
                link(message),
                escape(&message.subject),
                escape(&message.to),
                escape(&message.tenant),
                escape(&message.sent_at),
            );
        }
        main.push_str("</ol>");
    }
    document(words.title, &main, locale)
}

/// One message.
pub fn message(message: &Message, locale: Locale) -> String {
    let words = words(locale);
    let subject = escape(&message.subject);
    let main = format!(
        "<p><a href=\"/\">{}</a></p><h1>{subject}</h1><p class=\"facts\">{} · {} · {}</p>\
         <h2>{html}</h2><iframe src=\"{}/html\" title=\"{html}\" sandbox=\"\"></iframe>\
         <h2>{}</h2><pre>{}</pre>",
        words.back,
        escape(&message.to),
        escape(&message.tenant),
        escape(&message.sent_at),
        link(message),
        words.text,
        escape(&message.text),
        html = words.html,
    );
    document(&subject, &main, locale)
}

fn link(message: &Message) -> String {
    let id = utf8_percent_encode(&message.id, NON_ALPHANUMERIC);
    format!("/messages/{}/{id}", escape(&message.tenant))
}

fn document(title: &str, main: &str, locale: Locale) -> String {
    format!(
        "<!doctype html>\n<html lang=\"{locale}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title>\
         <link rel=\"stylesheet\" href=\"{STYLE_PATH}\"></head><body><main>{main}</main></body></html>\n"
    )
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hostile() -> Message {
        let attack = "\"><script>alert('x')</script>".to_owned();
        Message {
            id: "../../x".to_owned(),
            tenant: "practice".to_owned(),
            to: attack.clone(),
            subject: attack.clone(),
            text: attack.clone(),
            html: attack,
            sent_at: "2026-11-21T08:00:00.000Z".to_owned(),
        }
    }

    #[test]
    fn f01_a_hostile_message_stays_text_in_every_language() {
        for locale in Locale::ALL {
            for html in [list(&[hostile()], Some("\"><b>"), locale), message(&hostile(), locale)] {
                assert!(!html.contains("<script") && !html.contains("<b>"), "{html}");
                assert!(!html.contains("../"), "{html}");
            }
            assert!(list(&[], None, locale).contains(words(locale).none));
        }
    }
}

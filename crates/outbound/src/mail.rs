//! A mail to one person.

use std::fmt;

use polder_kernel::Email;

/// Longest subject, in characters.
const SUBJECT_MAX: usize = 200;

/// A mail to one person, as text and as HTML. From and envelope are not its business: whoever sends
/// it has them fixed.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The outbox row it comes from; a second attempt has the same one, so that receivers can tell.
    pub id: String,
    /// To whom.
    pub to: Email,
    /// What it is about.
    pub subject: Subject,
    /// The body for readers of text.
    pub text: String,
    /// The body for readers of HTML.
    pub html: String,
}

/// Mails hold codes and names: only the id prints.
impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").field("id", &self.id).field("to", &self.to).finish_non_exhaustive()
    }
}

/// A subject on one line: control characters, which could begin another header, become spaces (F18).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject(String);

impl Subject {
    /// The subject as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Subject {
    fn from(text: &str) -> Self {
        let clean = |c: char| if is_plain(c) { c } else { ' ' };
        Self(text.chars().take(SUBJECT_MAX).map(clean).collect::<String>().trim().to_owned())
    }
}

/// Whether a character stays on its line and in its place: no control character, no separator of lines or
/// paragraphs, nothing that turns the direction of what follows or cannot be seen.
pub(crate) fn is_plain(c: char) -> bool {
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = matches!(c, '\u{00ad}' | '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    !(c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') || turns || unseen)
}

impl From<String> for Subject {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f18_a_subject_is_one_line_whatever_it_is_made_of() {
        let subject = Subject::from("Hi\r\nBcc: eve@example.test\u{2028}x\0");
        assert_eq!(subject.as_str(), "Hi  Bcc: eve@example.test x");
        assert_eq!(Subject::from("code \u{202e}4321").as_str(), "code  4321", "it is read as it is written");
        assert_eq!(Subject::from("é".repeat(999)).as_str().chars().count(), SUBJECT_MAX);
    }

    #[test]
    fn f16_a_mail_does_not_print_its_code_or_address() {
        let mail = Mail {
            id: "m1".to_owned(),
            to: "ann@example.test".parse().unwrap(),
            subject: "12345678 is your code".into(),
            text: "12345678".to_owned(),
            html: "12345678".to_owned(),
        };
        let shown = format!("{mail:?}");
        assert!(!shown.contains("12345678") && !shown.contains("ann@"), "{shown}");
    }
}

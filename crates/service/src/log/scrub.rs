//! One pass over a line, looking only where something could begin.

use std::borrow::Cow;

use super::redact::Redactions;
use super::shapes;

/// The text without anything that must not be in a log: JWTs, password hashes, IBAN and VAT numbers,
/// local parts of e-mail addresses, phone numbers, one-time codes, long random tokens, credentials
/// in headers, and the values of parameters that carry them (P11, F16).
///
/// Text with nothing to hide is given back as it is, without allocating.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut found = Redactions::new(text);
    let mut at = 0;
    while at < bytes.len() {
        let redaction = match bytes[at] {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => {
                let end = shapes::run_end(bytes, at);
                if let Some(redaction) = shapes::in_run(bytes, at, end) {
                    at = found.push(redaction);
                } else {
                    at = end;
                }
                continue;
            }
            b'@' => shapes::email(bytes, at, at + 1),
            b'%' if bytes[at..].starts_with(b"%40") => shapes::email(bytes, at, at + 3),
            b'$' => shapes::password_hash(bytes, at),
            b'+' => shapes::phone(bytes, at),
            b'=' | b':' => shapes::named_value(bytes, at),
            b'?' => shapes::authorize_query(bytes, at),
            _ => None,
        };
        at = match redaction {
            Some(redaction) => found.push(redaction),
            None => at + 1,
        };
    }
    found.apply()
}

/// The text on one line: control characters, which could forge a second entry or move a terminal's
/// cursor, are written as escapes.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let splits = |c: char| c.is_control() && c != '\t' || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(splits) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if splits(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    Cow::Owned(line)
}

//! E-mail addresses and phone numbers.

use super::redact::Redaction;

/// Fewest digits of a national number, with its leading zero.
const NATIONAL_MIN: usize = 9;
/// Fewest and most digits of an international number (E.164).
const INTERNATIONAL: std::ops::RangeInclusive<usize> = 8..=15;

/// The local part before an `@` (or its percent-encoding) at `at`, when a host follows at `host`.
pub(super) fn email(bytes: &[u8], at: usize, host: usize) -> Option<Redaction> {
    if !bytes.get(host)?.is_ascii_alphanumeric() && bytes[host] < 0x80 {
        return None;
    }
    let length = bytes[..at].iter().rev().take_while(|&&b| is_local_part(b)).count();
    if length > 0 {
        return Redaction::new(at - length..at, "***");
    }
    quoted_local_part(bytes, at, host)
}

/// RFC 5322 `atext`, dots, and whatever is not ASCII (RFC 6532). More is taken than belongs to it where
/// an address stands in a query; less would leave the start of a name.
fn is_local_part(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b >= 0x80 || b"!#$%&'*+-/=?^_`{|}~.".contains(&b)
}

/// `"ann the first"@example.test`, but not the `"@timestamp"` of somebody's JSON.
fn quoted_local_part(bytes: &[u8], at: usize, host: usize) -> Option<Redaction> {
    let dotted =
        bytes[host..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"-.".contains(b)).any(|&b| b == b'.');
    let before = bytes[..at].strip_suffix(b"\"")?;
    let open = before.iter().rev().take(66).position(|&b| b == b'"')?;
    dotted.then(|| Redaction { span: before.len() - open - 1..at, mark: "***" })
}

/// An international number, from its `+` on.
pub(super) fn phone(bytes: &[u8], plus: usize) -> Option<Redaction> {
    if plus > 0 && bytes[plus - 1].is_ascii_alphanumeric() {
        return None;
    }
    let (end, digits) = number(bytes, plus + 1)?;
    INTERNATIONAL.contains(&digits).then_some(Redaction { span: plus..end, mark: "[phone]" })
}

/// An international number whose `+` is percent-encoded.
pub(super) fn encoded_phone(bytes: &[u8], percent: usize) -> Option<Redaction> {
    let (end, digits) = number(bytes, percent + 3)?;
    INTERNATIONAL.contains(&digits).then_some(Redaction { span: percent..end, mark: "[phone]" })
}

/// A national number: a zero at the start of a word, and another digit at once.
pub(super) fn national_phone(bytes: &[u8], start: usize) -> Option<Redaction> {
    let zero = bytes[start] == b'0' && bytes.get(start + 1)?.is_ascii_digit();
    let inside = start > 0 && (bytes[start - 1].is_ascii_alphanumeric() || b".%".contains(&bytes[start - 1]));
    if !zero || inside {
        return None;
    }
    let (end, digits) = number(bytes, start)?;
    (NATIONAL_MIN..=15).contains(&digits).then_some(Redaction { span: start..end, mark: "[phone]" })
}

/// Digits with at most two separators between them: where they end and how many they are. `None` when
/// they run on into a word, as in a time or an id.
fn number(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let (mut end, mut digits) = (start, 0);
    for (at, &b) in bytes.iter().enumerate().skip(start) {
        if b.is_ascii_digit() {
            (end, digits) = (at + 1, digits + 1);
        } else if !b" -.()/".contains(&b) || at + 1 - end > 2 {
            break;
        }
    }
    let runs_on = bytes.get(end).is_some_and(|&b| b.is_ascii_alphabetic() || b == b'_');
    (digits > 0 && !runs_on).then_some((end, digits))
}

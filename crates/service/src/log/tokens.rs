//! Random tokens, JWTs and bare numbers: told by how their letters and digits mix.

use super::redact::Redaction;
use super::{business, people};

/// Shortest run that can be a 128-bit token in base64url.
const TOKEN_MIN: usize = 22;
/// Shortest run of hexadecimal digits that is a token or a hash.
const HEX_MIN: usize = 32;

/// Where the run of letters, digits, `_` and `-` from `start` ends.
pub(super) fn run_end(bytes: &[u8], start: usize) -> usize {
    let length = bytes[start..].iter().position(|&b| !is_run_byte(b));
    length.map_or(bytes.len(), |length| start + length)
}

/// What is to be hidden at the start of this run, or within it.
pub(super) fn in_run(bytes: &[u8], start: usize, end: usize) -> Option<Redaction> {
    let run = &bytes[start..end];
    if run.starts_with(b"eyJ") && run.len() >= 10 {
        return Redaction::new(start..jwt_end(bytes, end), "[jwt]");
    }
    if let Some(redaction) = after_scheme(bytes, run, end) {
        return Some(redaction);
    }
    // `vat-NL123456789B01` is one run, and the number begins in the middle of it.
    let begins = |at: &usize| *at == start || matches!(bytes[*at - 1], b'-' | b'_');
    let within = (start..end).filter(begins).find_map(|at| {
        business::iban(bytes, at).or_else(|| business::vat(bytes, at)).or_else(|| people::national_phone(bytes, at))
    });
    if within.is_some() || is_uuid(run) {
        return within;
    }
    if is_token(run) {
        return Redaction::new(start..end, "[token]");
    }
    // A number after a colon is a typed field of ours; hiding it would break the JSON around it.
    let typed = start > 0 && bytes[start - 1] == b':';
    if !typed && run.iter().all(u8::is_ascii_digit) && is_telling(run.len()) {
        return Redaction::new(start..end, "[number]");
    }
    None
}

fn is_run_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_' || b == b'-'
}

/// Three parts, or five when encrypted, of base64url between dots.
fn jwt_end(bytes: &[u8], end: usize) -> usize {
    let length = bytes[end..].iter().position(|&b| !is_run_byte(b) && b != b'.');
    length.map_or(bytes.len(), |length| end + length)
}

/// The credentials after `Bearer`, `Basic` and their like (RFC 9110, 11.4).
fn after_scheme(bytes: &[u8], run: &[u8], end: usize) -> Option<Redaction> {
    let schemes: [&[u8]; 4] = [b"bearer", b"basic", b"dpop", b"negotiate"];
    if !schemes.iter().any(|scheme| run.eq_ignore_ascii_case(scheme)) || bytes.get(end) != Some(&b' ') {
        return None;
    }
    let token68 = |b: &&u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(b);
    let from = end + 1;
    let value = &bytes[from..from + bytes[from..].iter().take_while(token68).count()];
    // `Basic authentication` is English.
    let english = value.iter().all(u8::is_ascii_lowercase);
    (value.len() >= 4 && !english).then(|| Redaction { span: from..from + value.len(), mark: "[token]" })
}

/// Ids of ours are UUIDs; logs are useless without them.
pub(super) fn is_uuid(run: &[u8]) -> bool {
    run.len() == 36
        && run
            .iter()
            .enumerate()
            .all(|(at, &b)| if matches!(at, 8 | 13 | 18 | 23) { b == b'-' } else { b.is_ascii_hexdigit() })
}

/// Long hexadecimal, or mixed as only chance mixes: in random base64url two letters of five begin
/// another class, in names of programs and people hardly any do.
fn is_token(run: &[u8]) -> bool {
    if run.len() >= HEX_MIN && run.iter().all(u8::is_ascii_hexdigit) {
        return true;
    }
    run.len() >= TOKEN_MIN && run.windows(2).filter(|pair| changes(pair[0], pair[1])).count() >= (run.len() / 8).max(3)
}

/// `Ab` begins a word in CamelCase and does not count; `aB`, `a1` and `1a` do.
fn changes(a: u8, b: u8) -> bool {
    (a.is_ascii_lowercase() && b.is_ascii_uppercase())
        || (a.is_ascii_alphabetic() && b.is_ascii_digit())
        || (a.is_ascii_digit() && b.is_ascii_alphabetic())
}

/// Lengths of one-time codes, citizens' numbers, phone numbers without a plus, and card numbers; ten
/// digits are a time in seconds and thirteen one in milliseconds.
const fn is_telling(digits: usize) -> bool {
    matches!(digits, 8 | 9 | 11 | 12) || digits >= 14
}

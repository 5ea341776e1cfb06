//! Values told by their names, and password hashes.

use super::redact::Redaction;
use super::tokens::is_uuid;

/// How a named value is hidden.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    /// To the end of the line or of the quotes: headers whose values hold spaces.
    Header,
    /// Always.
    Secret,
    /// Unless it reads like an error code, a status or an id: `code=invalid_grant`, `"code":404`.
    Opaque,
}

/// Ends of names, in lower case with `_` for `-`.
const NAMES: &[(&str, Named)] = &[
    ("authorization", Named::Header),
    ("cookie", Named::Header),
    ("secret", Named::Secret),
    ("password", Named::Secret),
    ("passphrase", Named::Secret),
    ("code_verifier", Named::Secret),
    ("api_key", Named::Secret),
    ("apikey", Named::Secret),
    ("private_key", Named::Secret),
    ("seal_key", Named::Secret),
    ("samlresponse", Named::Secret),
    ("samlrequest", Named::Secret),
    ("otp", Named::Secret),
    ("login_hint", Named::Secret),
    ("phone", Named::Secret),
    ("csrf", Named::Secret),
    ("assertion", Named::Opaque),
    ("token", Named::Opaque),
    ("id_token_hint", Named::Opaque),
    ("code", Named::Opaque),
    ("session", Named::Opaque),
    ("flow", Named::Opaque),
];

/// The value after a `=` or `:` at `sign`, when the name before it says that it must not be seen.
pub(super) fn named_value(bytes: &[u8], sign: usize) -> Option<Redaction> {
    let before = bytes[..sign].trim_ascii_end();
    let unquoted = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    let quoted_name = unquoted.len() < before.len();
    let unquoted = unquoted.strip_suffix(b"\\").unwrap_or(unquoted);
    let length = unquoted.iter().rev().take_while(|b| b.is_ascii_alphanumeric() || b"_-".contains(b)).count();
    let named = named(&unquoted[unquoted.len() - length..])?;

    let blank = bytes[sign + 1..].iter().take_while(|&&b| b == b' ').count();
    let (start, quote) = open_quote(bytes, sign + 1 + blank);
    let end = start + bytes[start..].iter().position(|&b| ends(b, quote, named)).unwrap_or(bytes.len() - start);
    let value = &bytes[start..end];
    if value.is_empty() || value.starts_with(b":") || (named == Named::Opaque && is_harmless(value)) {
        return None;
    }
    if quoted_name && quote.is_none() {
        // A bare JSON literal: what replaces it must be JSON too, and an object is looked into.
        let literal = matches!(value, b"null" | b"true" | b"false") || b"{[".contains(&value[0]);
        return (!literal).then_some(Redaction { span: start..end, mark: "\"[redacted]\"" });
    }
    Redaction::new(start..end, "[redacted]")
}

fn named(name: &[u8]) -> Option<Named> {
    let ends_with = |end: &str| {
        let tail = name.len().checked_sub(end.len()).map(|from| &name[from..]);
        let same = |(a, b): (&u8, u8)| a.to_ascii_lowercase() == b || (*a == b'-' && b == b'_');
        tail.is_some_and(|tail| tail.iter().zip(end.bytes()).all(same))
    };
    NAMES.iter().find(|(end, _)| ends_with(end)).map(|(_, named)| *named)
}

/// Where the value begins and which quote it stands in, if any; in JSON within JSON quotes are escaped.
fn open_quote(bytes: &[u8], at: usize) -> (usize, Option<u8>) {
    match &bytes[at.min(bytes.len())..] {
        [b'\\', b'"', ..] => (at + 2, Some(b'\\')),
        [quote @ (b'"' | b'\''), ..] => (at + 1, Some(*quote)),
        _ => (at.min(bytes.len()), None),
    }
}

fn ends(b: u8, quote: Option<u8>, named: Named) -> bool {
    match (quote, named) {
        (Some(quote), _) => b == quote,
        (None, Named::Header) => b == b'"',
        (None, _) => b.is_ascii_whitespace() || b"\"'&,;)]}<\\".contains(&b),
    }
}

/// What a code or token is not: a word in lower case, a status, one of our ids.
fn is_harmless(value: &[u8]) -> bool {
    let word = value.len() < 40 && value.iter().all(|b| b.is_ascii_lowercase() || b"_.-".contains(b));
    let status = value.len() <= 5 && value.iter().all(u8::is_ascii_digit);
    word || status || is_uuid(value)
}

/// A password hash in modular crypt format, from its first `$` on: `$argon2id$…`, `$2b$…`, `…$salt$…`.
pub(super) fn password_hash(bytes: &[u8], dollar: usize) -> Option<Redaction> {
    let part_of_hash = |b: &&u8| b.is_ascii_alphanumeric() || b"./+=,$_:-".contains(b);
    let length = bytes[dollar + 1..].iter().take_while(part_of_hash).count();
    let rest = &bytes[dollar + 1..=dollar + length];
    (length >= 20 && rest.contains(&b'$')).then(|| Redaction { span: dollar..dollar + 1 + length, mark: "[hash]" })
}

/// A password hash as directories keep them (RFC 2307): `{SSHA}…`.
pub(super) fn directory_hash(bytes: &[u8], brace: usize) -> Option<Redaction> {
    let scheme = bytes[brace + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'-').count();
    let close = brace + 1 + scheme;
    if !(3..=16).contains(&scheme) || bytes.get(close) != Some(&b'}') {
        return None;
    }
    let length = bytes[close + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || b"./+=$".contains(b)).count();
    (length >= 16).then(|| Redaction { span: close + 1..close + 1 + length, mark: "[hash]" })
}

/// The query of the authorization endpoint, which is the client's and the person's business (F16).
pub(super) fn authorize_query(bytes: &[u8], question: usize) -> Option<Redaction> {
    if !bytes[..question].ends_with(b"/authorize") {
        return None;
    }
    let start = question + 1;
    let length = bytes[start..].iter().take_while(|b| !b.is_ascii_whitespace() && !b"\"'<>\\".contains(b)).count();
    (length > 0).then(|| Redaction { span: start..start + length, mark: "[redacted]" })
}

//! One pass over a line, looking only where something could begin.

use std::borrow::Cow;

use super::redact::Redactions;
use super::{credentials, people, tokens};

/// The text without anything that must not be in a log: JWTs, password hashes, IBAN and VAT numbers,
/// local parts of e-mail addresses, phone numbers, one-time codes, long random tokens, credentials
/// in headers, and the values of parameters that carry them (P11, F16).
///
/// It knows these by their looks, so it is the second wall, not the first: what is secret should not
/// come here. Text with nothing to hide is given back as it is, without allocating.
pub fn scrub(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut found = Redactions::new(text);
    let mut at = 0;
    while at < bytes.len() {
        let redaction = match bytes[at] {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-' => {
                let end = tokens::run_end(bytes, at);
                at = tokens::in_run(bytes, at, end).map_or(end, |redaction| found.push(redaction));
                continue;
            }
            b'@' => people::email(bytes, at, at + 1),
            b'%' if bytes[at..].starts_with(b"%40") => people::email(bytes, at, at + 3),
            b'%' if bytes[at..].starts_with(b"%2B") => people::encoded_phone(bytes, at),
            b'+' => people::phone(bytes, at),
            b'=' | b':' => credentials::named_value(bytes, at),
            b'$' => credentials::password_hash(bytes, at),
            b'{' => credentials::directory_hash(bytes, at),
            b'?' => credentials::authorize_query(bytes, at),
            _ => None,
        };
        // An address is hidden up to its `@`, so the end found may lie here: always go on.
        at = redaction.map_or(at + 1, |redaction| found.push(redaction).max(at + 1));
    }
    found.apply()
}

/// The text on one line: control characters, which could forge a second entry or move a terminal's
/// cursor, are written as escapes.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    let splits = |c: char| (c.is_control() && c != '\t') || matches!(c, '\u{2028}' | '\u{2029}');
    if !text.contains(splits) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if splits(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p11_the_corpus_is_scrubbed() {
        for (line, expected) in [
            // JWTs, signed and encrypted.
            ("got eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl-_ end", "got [jwt] end"),
            ("eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", "[jwt]"),
            // Password hashes.
            ("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", "[hash]"),
            ("x=$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW;", "x=[hash];"),
            ("pbkdf2_sha256$260000$saltsalt$aGFzaGhhc2hoYXNo", "pbkdf2_sha256[hash]"),
            ("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "{SSHA}[hash]"),
            // IBAN and VAT numbers.
            ("NL91ABNA0417164300", "[iban]"),
            ("to NL91 ABNA 0417 1643 00 today", "to [iban] today"),
            ("nl91-abna-0417-1643-00", "[iban]"),
            ("DE89370400440532013000,", "[iban],"),
            ("iban_BE68539007547034", "iban_[iban]"),
            ("QQ12ABCDEFGH12345678", "[iban]"),
            ("NL123456789B01", "[vat]"),
            ("btw NL 1234.56.789.B01.", "btw [vat]."),
            ("vat-BE0123456789", "vat-[vat]"),
            ("BE 0123.456.789", "[vat]"),
            ("FRXX999999999 ATU12345678 ESX1234567X", "[vat] [vat] [vat]"),
            // Addresses keep their domain.
            ("mail to ann.o'brien+x@example.test failed", "mail to ***@example.test failed"),
            (r#"{"to":"ann@example.test"}"#, r#"{"to":"***@example.test"}"#),
            ("Ann <ann@example.test>", "Ann <***@example.test>"),
            ("renée@example.test", "***@example.test"),
            ("x ann%40example.test y", "x ***%40example.test y"),
            ("\"ann the first\"@example.test", "***@example.test"),
            ("06 12345678@example.test", "***@example.test"),
            // Phone numbers.
            ("+31612345678 +31 6 1234 5678 +1 (555) 123-4567", "[phone] [phone] [phone]"),
            ("call 0612345678, 06-12345678 or 020 123 4567.", "call [phone], [phone] or [phone]."),
            ("tel:0612345678 to=%2B31612345678", "tel:[phone] to=[phone]"),
            ("31612345678", "[number]"),
            // Tokens and codes.
            ("d41d8cd98f00b204e9800998ecf8427e", "[token]"),
            ("h 3q2-7wAxzfB0kd8ZsYe4nQ0vXb1LmTzC5uJ_hRiPoKE t", "h [token] t"),
            ("key k3j4h5g6f7d8s9a0q1w2e3", "key [token]"),
            ("the code is 01234567", "the code is [number]"),
        ] {
            assert_eq!(scrub(line), expected, "{line}");
        }
    }

    #[test]
    fn f16_credentials_are_scrubbed_by_their_names() {
        for (line, expected) in [
            ("Authorization: Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3", "Authorization: [redacted]"),
            (r#"{"authorization": "Bearer abc def", "a": 1}"#, r#"{"authorization": "[redacted]", "a": 1}"#),
            (r#"{"message":"Cookie: a=b; c=d","n":1}"#, r#"{"message":"Cookie: [redacted]","n":1}"#),
            ("set-cookie: __Host-session=x y; Path=/", "set-cookie: [redacted]"),
            ("sent Bearer aB3.x and Basic authentication", "sent Bearer [token] and Basic authentication"),
            ("sent bearer aB3xyz.~+/=, ok", "sent bearer [token], ok"),
            ("GET /cb?code=aBc_9&state=xyz HTTP/1.1", "GET /cb?code=[redacted]&state=xyz HTTP/1.1"),
            ("token=T1&client_secret=hunter&x=1", "token=[redacted]&client_secret=[redacted]&x=1"),
            ("refresh_token=Abc1 id_token_hint=Abc1", "refresh_token=[redacted] id_token_hint=[redacted]"),
            ("code_verifier=abc&client_assertion=Abc.def", "code_verifier=[redacted]&client_assertion=[redacted]"),
            ("password: \"correct horse\" next", "password: \"[redacted]\" next"),
            (r#"{\"password\":\"correct horse\",\"b\":1}"#, r#"{\"password\":\"[redacted]\",\"b\":1}"#),
            ("SAMLResponse=PHNhbWw OTP: 1234", "SAMLResponse=[redacted] OTP: [redacted]"),
            (r#"{"code":"12345678","otp":123456}"#, r#"{"code":"[redacted]","otp":"[redacted]"}"#),
            ("GET /authorize?client_id=x&login_hint=ann HTTP/1.1", "GET /authorize?[redacted] HTTP/1.1"),
        ] {
            assert_eq!(scrub(line), expected, "{line}");
        }
    }

    #[test]
    fn what_a_log_is_for_stays() {
        for line in [
            "2026-11-21T08:00:00.123456Z  INFO polder_service::token::verify: request refused status=400",
            r#"{"timestamp":"2026-11-21T08:00:00.123456Z","level":"INFO","status":400,"error":"invalid_grant"}"#,
            "error=invalid_grant code=invalid_grant status_code=404 code: 1 \"code\":404,\"token\":null",
            "session=018f3c5e-7b1a-7cc2-98c4-dc0c0c07398f request_id=00c0ffee00c0ffee",
            "listening on 127.0.0.1:8600 and [::1]:8600 and unix:/run/polder/practice/run/public.sock",
            "TemporarilyUnavailableException in practice-2026-backup-schedule-v2 for x86_64-unknown-linux-gnu",
            "took 1234567 us, at 1795248000 s, at 1795248000123 ms, expires_in: 900",
            r#"{"bytes":123456789,"@timestamp":"x"}"#,
            "the coach@ of nobody @ home, 100 % sure, cost $5 or $HOME/$USER",
            "de se at nl be it: words that are countries",
            "naïve café — déjà vu",
            "",
        ] {
            assert!(matches!(scrub(line), Cow::Borrowed(_)), "{line} became {}", scrub(line));
        }
    }

    #[test]
    fn f16_an_entry_is_one_line() {
        let line = one_line("user\r\n{\"level\":\"INFO\"}\u{1b}[2J\u{2028}\u{85}é\tx");
        assert_eq!(line, "user\\r\\n{\"level\":\"INFO\"}\\u{1b}[2J\\u{2028}\\u{85}é\tx");
        assert!(matches!(one_line("plain é"), Cow::Borrowed(_)));
    }

    #[test]
    fn p11_every_random_token_is_scrubbed() {
        let entropy = polder_kernel::Entropy::seeded(11);
        let missed = (0..10_000).filter(|_| {
            let token = polder_kernel::encoding::base64url(&entropy.bytes::<32>());
            matches!(scrub(&token), Cow::Borrowed(_))
        });
        assert_eq!(missed.count(), 0);
    }

    #[test]
    fn no_text_makes_it_fail_and_a_second_time_changes_nothing_more() {
        let entropy = polder_kernel::Entropy::seeded(12);
        let pieces = [
            "@", "%40", "%2B", "+", "=", ":", "$", "{SHA}", "?", "\"", "\\\"", "é", "code", "0612", "NL91", "eyJ", " ",
        ];
        for _ in 0..20_000 {
            let line: String = (0..12).map(|_| pieces[usize::try_from(entropy.below(17)).unwrap()]).collect();
            let once = scrub(&line).into_owned();
            assert!(once.is_char_boundary(0) && !once.contains('\u{fffd}'));
        }
    }
}

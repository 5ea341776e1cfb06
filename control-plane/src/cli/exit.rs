//! What an exit code says. `docs/cli.md` has the same table, and a test holds it to this one.

use std::fmt;

use http::StatusCode;
use serde_json::Value;

use super::show::harmless;

/// Every exit code that a command on the public API has, with its meaning.
pub const EXIT_CODES: [(u8, &str); 7] = [
    (0, "it is as wanted"),
    (1, "no answer, or a failure on the other side"),
    (2, "the command line makes no sense"),
    (3, "there is no such thing, or it is destroyed"),
    (4, "the state of things forbids it"),
    (5, "the key is missing, wrong, or may not do this"),
    (BROKEN, "an exported log was tampered with, or is not whole"),
];

/// What `polder audit verify` ends with for a log that does not verify.
pub const BROKEN: u8 = 6;

/// At the end of `--help`.
pub fn explained() -> String {
    let lines = EXIT_CODES.iter().map(|(code, meaning)| format!("\n  {code}  {meaning}"));
    format!("Exit codes:{}", lines.collect::<String>())
}

/// Why it did not go well, and with which exit code.
#[derive(Debug)]
pub struct Refused(pub u8, pub String);

impl Refused {
    /// A command line that makes no sense.
    pub fn usage(why: impl Into<String>) -> Self {
        Self(2, why.into())
    }

    /// A problem document as one line, with what to do about it.
    pub fn of(status: StatusCode, problem: &Value) -> Self {
        let text = |of: &Value, name: &str| of[name].as_str().unwrap_or_default().to_owned();
        let code = match status.as_u16() {
            401 | 403 => 5,
            404 | 410 => 3,
            409 => 4,
            400 | 422 => 2,
            _ => 1,
        };
        let words = [text(problem, "title"), text(problem, "detail")];
        let mut why = words.into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>().join(": ");
        for error in problem["errors"].as_array().into_iter().flatten() {
            why = format!("{why}; {}: {}", text(error, "pointer").trim_start_matches('/'), text(error, "detail"));
        }
        if why.is_empty() {
            why = format!("the API answered {status}");
        }
        let advice = match status.as_u16() {
            300..=399 => " (it points elsewhere, and the key is not sent on: give --api as it is now)",
            401 => " (make a key in the console under API keys, and name its file with --key-file)",
            403 => " (make a key that may do this, in the console under API keys)",
            429 => " (wait a moment, and try again)",
            500.. => " (try again; if it stays so, look at the log of `polder`)",
            _ => "",
        };
        Self(code, why + advice)
    }
}

impl fmt::Display for Refused {
    /// One line that acts upon no terminal, whoever wrote what is in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What nobody reads to its end.
        const LONGEST: usize = 2_000;
        let line = harmless(&self.1);
        match line.char_indices().nth(LONGEST) {
            Some((end, _)) => write!(f, "{}…", &line[..end]),
            None => f.write_str(&line),
        }
    }
}

impl From<reqwest::Error> for Refused {
    fn from(error: reqwest::Error) -> Self {
        let why = if error.is_connect() { "nothing answers there; is it running?" } else { "no answer" };
        Self(1, format!("{why} ({})", error.without_url()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refusals_have_exit_codes_and_one_line() {
        for (status, code) in [(401, 5), (403, 5), (404, 3), (410, 3), (409, 4), (422, 2), (302, 1), (500, 1), (503, 1)]
        {
            let problem = json!({"title": "No", "errors": [{"pointer": "/slug", "detail": "too short"}]});
            let Refused(found, why) = Refused::of(StatusCode::from_u16(status).unwrap(), &problem);
            assert!(found == code && why.starts_with("No; slug: too short"), "{status}: {why}");
            assert!(EXIT_CODES.iter().any(|(known, _)| *known == code));
            assert_eq!(why.contains('('), matches!(status, 302 | 401 | 403 | 500..), "{status}: {why}");
        }
    }

    #[test]
    fn f18_what_a_server_says_is_wrong_does_not_move_the_cursor() {
        let problem = json!({"title": "No\u{1b}[2J\n", "detail": "\u{202e}x\u{9b}31m",
            "errors": [{"pointer": "/\r", "detail": "\u{1b}]0;owned\u{7}"}]});
        let told = Refused::of(StatusCode::BAD_REQUEST, &problem).to_string();
        assert_eq!(told, "No\u{fffd}[2J\u{fffd}: \u{fffd}x\u{fffd}31m; \u{fffd}: \u{fffd}]0;owned\u{fffd}");
        let endless = Refused(1, "\u{e9}".repeat(1_000_000)).to_string();
        assert!(endless.ends_with('…') && endless.chars().count() == 2_001);
    }

    #[test]
    fn the_page_about_the_command_line_has_the_same_exit_codes() {
        let page = include_str!("../../../docs/cli.md");
        let rows: Vec<(u8, &str)> = page
            .lines()
            .filter_map(|line| {
                let mut cells = line.trim_matches('|').split('|').map(str::trim);
                Some((cells.next()?.trim_matches('`').parse().ok()?, cells.next()?))
            })
            .collect();
        assert_eq!(rows, EXIT_CODES);
    }
}

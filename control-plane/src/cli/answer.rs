//! What a server answered, which may be anything: how much of it is read, and what it is taken for.

use std::io::{self, IsTerminal as _};
use std::time::Duration;

use http::header::CONTENT_TYPE;
use reqwest::Response;
use serde_json::Value;
use tokio::time::timeout;

use super::exit::Refused;
use super::show;

/// The most bytes of one answer. The API's own are a quarter of that at most.
pub const LARGEST: usize = 16 << 20;
/// The longest line of a file that is shown on a terminal.
const LONGEST_LINE: usize = 4 << 20;

/// What is in an answer, and how long it was; null where there is nothing.
///
/// # Errors
/// When it is too long, breaks off, or is no JSON; and what the API says is wrong.
pub async fn of(mut answer: Response) -> Result<(Value, usize), Refused> {
    let (status, kind) = (answer.status(), kind(&answer));
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await? {
        if body.len() + piece.len() > LARGEST {
            return Err(Refused(1, "the answer is longer than any of the API: it was not read to its end".to_owned()));
        }
        body.extend_from_slice(&piece);
    }
    let is_json = matches!(kind.as_str(), "application/json" | "application/problem+json");
    let value = if is_json { serde_json::from_slice(&body).ok() } else { None };
    if !status.is_success() {
        return Err(Refused::of(status, &value.unwrap_or_default()));
    }
    match value {
        Some(value) => Ok((value, body.len())),
        None if body.is_empty() => Ok((Value::Null, 0)),
        None => Err(strange(&kind)),
    }
}

/// Writes a file to standard output as it comes. On a terminal nothing of it moves the cursor.
///
/// # Errors
/// When it breaks off, when nothing comes for as long as `within`, and when it is no file.
pub async fn file(mut answer: Response, within: Duration) -> Result<(), Refused> {
    if !answer.status().is_success() {
        return Err(timeout(within, of(answer)).await.map_err(|_| silent())?.err().unwrap_or_else(silent));
    }
    let kind = kind(&answer);
    let is_json = kind == "application/x-ndjson";
    if !is_json && kind != "text/csv" {
        return Err(strange(&kind));
    }
    let mut sink = Sink { waiting: io::stdout().is_terminal().then(Vec::new), is_json };
    while let Some(piece) = timeout(within, answer.chunk()).await.map_err(|_| silent())?? {
        match sink.write(&mut io::stdout(), &piece) {
            // Whoever reads may stop when they have seen enough.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(Refused(1, error.to_string())),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Where pieces of a file go.
struct Sink {
    /// The line that has no end yet, where somebody looks at lines.
    waiting: Option<Vec<u8>>,
    is_json: bool,
}

impl Sink {
    fn write(&mut self, out: &mut impl io::Write, piece: &[u8]) -> io::Result<()> {
        let Some(waiting) = &mut self.waiting else { return out.write_all(piece) };
        waiting.extend_from_slice(piece);
        while let Some(end) = waiting.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = waiting.drain(..=end).collect();
            let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            let line = if self.is_json { show::json(&line) } else { show::harmless(&line) };
            writeln!(out, "{line}")?;
        }
        if waiting.len() > LONGEST_LINE {
            return Err(io::Error::other("a line does not end"));
        }
        Ok(())
    }
}

/// The media type, without what follows it.
fn kind(answer: &Response) -> String {
    let sent = answer.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn strange(kind: &str) -> Refused {
    let kind = if kind.is_empty() { "something without a type" } else { kind };
    Refused(1, format!("what answers there is not the API: it sent {kind}"))
}

fn silent() -> Refused {
    Refused(1, "no answer: it stopped halfway".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn f18_a_file_is_written_as_it_is_and_shown_without_what_moves_the_cursor() {
        let evil = "{\"name\":\"a\u{9b}2J\u{202e}b\"}\r\n{\"c\":\"\u{1b}[2J\"}\n".as_bytes();
        let written = |waiting, is_json| {
            let (mut sink, mut out) = (Sink { waiting, is_json }, Vec::new());
            // In pieces that end within a letter.
            evil.chunks(3).for_each(|piece| sink.write(&mut out, piece).unwrap());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(None, true).as_bytes(), evil);
        assert_eq!(written(Some(Vec::new()), true), "{\"name\":\"a\\u009b2J\\u202eb\"}\n{\"c\":\"\\u001b[2J\"}\n");
        assert_eq!(written(Some(Vec::new()), false), "{\"name\":\"a\u{fffd}2J\u{fffd}b\"}\n{\"c\":\"\u{fffd}[2J\"}\n");
        let mut endless = Sink { waiting: Some(Vec::new()), is_json: true };
        let gone_on = (0..10).map(|_| endless.write(&mut io::sink(), &[b'a'; 1 << 20]));
        assert!(gone_on.collect::<Result<Vec<_>, _>>().is_err(), "a line without an end is held no longer");
    }
}

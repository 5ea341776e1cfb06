//! What takes time, told as it happens: one line that changes on a terminal, a line for each step elsewhere.

use std::io::{self, IsTerminal as _, Write as _};

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::exit::Refused;
use super::reach::{Api, WITHIN, path};
use super::show::cell;

/// News that are longer are none.
const LONGEST_LINE: usize = 1 << 20;

/// Tells the steps of a tenant's operation on standard error until the last one.
///
/// # Errors
/// When it failed, or is not over within a minute.
pub async fn follow(api: &Api, slug: &str) -> Result<(), Refused> {
    let mut pieces = api.stream(&path(slug, &["events"])).await?.bytes_stream();
    let (mut text, mut line, until) = (Vec::new(), Line::new(), Instant::now() + WITHIN);
    let late = || Refused(1, format!("it takes longer than usual: `polder tenant show {slug}` says how it goes"));
    while let Some(piece) = timeout_at(until, pieces.next()).await.map_err(|_| late())? {
        text.extend_from_slice(&piece?);
        if text.len() > LONGEST_LINE {
            line.end();
            return Err(Refused(1, "the news have no end: what answers there is not the API".to_owned()));
        }
        while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
            let row: Vec<u8> = text.drain(..=end).collect();
            let Some(step) = told(&row) else { continue };
            match step["step"].as_str() {
                Some("done") => {
                    line.end();
                    return Ok(());
                }
                Some("failed") => {
                    line.end();
                    return Err(Refused(1, format!("it failed: {}", cell(&step, "failure"))));
                }
                _ => line.say(&step),
            }
        }
    }
    line.end();
    Ok(())
}

/// The news in a line of server-sent events, where it has any.
fn told(row: &[u8]) -> Option<Value> {
    let row = std::str::from_utf8(row).ok()?;
    serde_json::from_str(row.strip_prefix("data:")?.trim()).ok()
}

/// Standard error, as a person or a log sees it.
struct Line {
    changes: bool,
    said: usize,
}

impl Line {
    fn new() -> Self {
        Self { changes: io::stderr().is_terminal(), said: 0 }
    }

    fn say(&mut self, step: &Value) {
        let (name, status) = (cell(step, "step"), cell(step, "status"));
        // That nobody reads what is said of it is no reason to stop.
        let _ = if self.changes {
            self.said += usize::from(status == "finished");
            write!(io::stderr(), "\r\u{1b}[K{} {name}", "▪".repeat(self.said)).and_then(|()| io::stderr().flush())
        } else {
            writeln!(io::stderr(), "{name}: {status}")
        };
    }

    fn end(&self) {
        if self.changes {
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn news_stand_in_lines_of_data() {
        let step = told(b"data: {\"step\":\"make-keys\",\"status\":\"started\"}\n").unwrap();
        assert_eq!((cell(&step, "step"), cell(&step, "status")), ("make-keys".to_owned(), "started".to_owned()));
        for nothing in [&b"event: step\n"[..], b"\n", b": keep alive\n", b"data: x\n", b"data: \xff\n"] {
            assert!(told(nothing).is_none());
        }
    }
}

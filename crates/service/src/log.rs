//! Logs: structured, one event a line, with nothing in them that must not be (P11, F16).

mod business;
mod credentials;
mod people;
mod redact;
mod scrub;
mod tokens;

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

pub use scrub::scrub;

/// How events are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, for machines.
    #[default]
    Json,
    /// One line of text, for people.
    Text,
}

impl std::str::FromStr for Format {
    type Err = UnknownFormat;
    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "json" => Ok(Self::Json),
            "text" => Ok(Self::Text),
            _ => Err(UnknownFormat),
        }
    }
}

/// The text names no log format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a log format is `json` or `text`")]
pub struct UnknownFormat;

/// Starts logging to standard error, at `info`. A second call changes nothing.
pub fn init(format: Format) {
    init_with(format, "info");
}

/// Starts logging with a filter such as `info,polder_db=debug`; a malformed one counts as `info`.
pub fn init_with(format: Format, filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Scrubbed(io::stderr));
    let started = match format {
        Format::Json => builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init(),
        Format::Text => builder.try_init(),
    };
    // Somebody else's subscriber may be in place already, as in tests: then leave everything to them.
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Panics are events like others: the usual hook would write them past the scrubber.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    tracing::error!(place, message = panic.payload_as_str().unwrap_or("panic without a message"));
}

/// Makes writers that scrub each event before it goes to `W`.
#[derive(Clone, Copy, Debug)]
pub struct Scrubbed<M>(pub M);

impl<'a, M, W> MakeWriter<'a> for Scrubbed<M>
where
    M: Fn() -> W + 'a,
    W: Write,
{
    type Writer = ScrubbingWriter<W>;
    fn make_writer(&'a self) -> ScrubbingWriter<W> {
        ScrubbingWriter((self.0)())
    }
}

/// Scrubs what is written; `tracing-subscriber` writes one whole event at a time.
#[derive(Debug)]
pub struct ScrubbingWriter<W>(W);

impl<W: Write> Write for ScrubbingWriter<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = scrub::one_line(text.trim_end_matches('\n'));
        let mut scrubbed = scrub(&line).into_owned();
        scrubbed.push('\n');
        self.0.write_all(scrubbed.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(json: bool, log: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let builder = tracing_subscriber::fmt().with_ansi(false).with_writer(Scrubbed(move || writer.clone()));
        if json {
            tracing::subscriber::with_default(builder.json().flatten_event(true).finish(), log);
        } else {
            tracing::subscriber::with_default(builder.finish(), log);
        }
        let bytes = kept.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn f16_p11_every_event_is_scrubbed_and_one_line_in_both_formats() {
        for json in [true, false] {
            let text = logged(json, || {
                tracing::info!(to = "ann@example.test", "sent\r\n2026 ERROR forged code=Secret-1");
                tracing::warn!(error = %io::Error::other("token=T0p\nsecret"), "failed");
            });
            assert_eq!(text.lines().count(), 2, "{text}");
            for canary in ["ann@", "Secret-1", "T0p"] {
                assert!(!text.contains(canary), "{canary} in {text}");
            }
            if json {
                for line in text.lines() {
                    serde_json::from_str::<serde_json::Value>(line).expect(line);
                }
            }
        }
    }
}

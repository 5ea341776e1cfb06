//! What a child prints, logged again under its label.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is kept, in bytes. A child cannot fill our memory by never ending one.
const LONGEST: usize = 16 * 1024;

/// What is read of a child's structured log line.
#[derive(Deserialize)]
struct Line {
    level: String,
}

/// The last line a child printed that was not of its structured log: where it ended by itself, why.
#[derive(Clone, Default)]
pub struct LastWords(Arc<Mutex<String>>);

impl LastWords {
    /// The line, scrubbed as a line of the log is.
    pub fn text(&self) -> String {
        polder_service::log::scrub(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Keeps a line, unless it is of a structured log.
    pub fn hear(&self, line: &[u8]) {
        let text = String::from_utf8_lossy(line);
        let text = text.trim();
        if !text.is_empty() && serde_json::from_str::<Line>(text).is_err() {
            self.keep(text);
        }
    }

    fn keep(&self, line: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = line.chars().take(300).collect();
    }
}

/// Logs every line of a child until it closes its output. Lines pass the scrubbing writer again.
pub async fn relay(label: String, output: impl AsyncRead + Unpin, words: LastWords) {
    let mut reader = BufReader::new(output);
    let mut line = Vec::new();
    loop {
        let Ok(chunk) = reader.fill_buf().await else { return };
        if chunk.is_empty() {
            log(&label, &line, &words);
            return;
        }
        let end = chunk.iter().position(|&byte| byte == b'\n');
        let part = &chunk[..end.unwrap_or(chunk.len())];
        let room = LONGEST.saturating_sub(line.len());
        line.extend_from_slice(&part[..part.len().min(room)]);
        let read = end.map_or(chunk.len(), |end| end + 1);
        if end.is_some() {
            log(&label, &line, &words);
            line.clear();
        }
        reader.consume(read);
    }
}

fn log(label: &str, line: &[u8], words: &LastWords) {
    let text = String::from_utf8_lossy(line);
    let text = text.trim();
    if text.is_empty() {
        return;
    }
    let level = serde_json::from_str::<Line>(text).map(|line| line.level);
    if level.is_err() {
        words.keep(text);
    }
    match level.as_deref().unwrap_or("INFO") {
        "ERROR" => tracing::error!(target: "polder::child", child = label, "{text}"),
        "WARN" => tracing::warn!(target: "polder::child", child = label, "{text}"),
        "DEBUG" | "TRACE" => tracing::debug!(target: "polder::child", child = label, "{text}"),
        _ => tracing::info!(target: "polder::child", child = label, "{text}"),
    }
}

//! What was tried, and what came of it.

use std::fmt::{Debug, Display};

use serde_json::json;

/// One line per attempt.
#[derive(Default)]
pub struct Report(Vec<String>);

impl Report {
    /// Notes an attempt that got through.
    pub fn reached(&mut self, tried: &str, said: impl Display) {
        self.line(tried, true, &said.to_string());
    }

    /// Notes an attempt that came to nothing.
    pub fn refused(&mut self, tried: &str, said: impl Display) {
        self.line(tried, false, &said.to_string());
    }

    /// Notes an attempt by how it ended: a success is one that got through.
    pub fn tried<T: Debug, E: Display>(&mut self, tried: &str, ended: Result<T, E>) {
        match ended {
            Ok(got) => self.reached(tried, format!("{got:?}")),
            Err(error) => self.refused(tried, error),
        }
    }

    fn line(&mut self, tried: &str, reached: bool, said: &str) {
        let said: String = said.chars().take(400).collect();
        self.0.push(json!({ "tried": tried, "reached": reached, "said": said }).to_string());
    }

    /// All lines.
    pub fn text(&self) -> String {
        self.0.join("\n")
    }
}

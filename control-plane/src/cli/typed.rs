//! What people type in, or a program writes to standard input: what has no place on a command line, where every
//! other program of the machine reads it.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};

use super::exit::Refused;

/// A line that is longer is no address.
const LONGEST: u64 = 64 << 10;

/// A line of standard input; who sits at a terminal is asked for it.
pub fn line(question: &str) -> Result<String, Refused> {
    if io::stdin().is_terminal() {
        let _ = write!(io::stderr(), "{question}: ").and_then(|()| io::stderr().flush());
    }
    let mut line = String::new();
    let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
    read.map_err(|error| Refused::usage(format!("standard input: {error}")))?;
    let line = line.trim();
    if line.is_empty() {
        Err(Refused::usage(format!("{question}: expected on standard input")))
    } else {
        Ok(line.to_owned())
    }
}

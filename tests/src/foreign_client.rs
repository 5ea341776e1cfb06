//! Client libraries that are not ours, each run by its own language (`tests/interop`).

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use url::Url;

use crate::upstream;

/// Relying parties in a process of their own; ends when dropped.
pub struct ForeignClient {
    child: Child,
    says: Lines<BufReader<ChildStdout>>,
    /// The public keys its applications register, where it has some.
    pub jwks: Value,
}

/// What it wants next.
#[derive(Debug)]
pub enum Said {
    /// A browser goes there; where that ends is told by [`ForeignClient::landed`].
    Open(Url),
    /// What a party found, when it was through.
    Found(Value),
}

/// A library, and what runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Library {
    /// `openid-client`, by Node.
    OpenidClient,
    /// Authlib, by Python.
    Authlib,
}

impl Library {
    /// Whether it is here. What was not tried says so, past the capture of test output; where
    /// `POLDER_TEST_NODE=required` or `POLDER_TEST_PYTHON=required`, as `make test` sets them once it has them, it fails.
    pub fn is_here(self, test: &str) -> bool {
        match self {
            Self::OpenidClient => upstream::has(test, "interop", "openid-client"),
            Self::Authlib if folder().join(PYTHON).exists() => true,
            Self::Authlib => {
                assert!(!is_python_required(), "no tests/interop/{PYTHON}");
                let _ = writeln!(std::io::stderr(), "NOT TRIED: {test}: no tests/interop/{PYTHON}");
                false
            }
        }
    }

    fn command(self) -> Command {
        match self {
            Self::OpenidClient => with("node".into(), "openid-client.mjs"),
            Self::Authlib => with(folder().join(PYTHON), "authlib_client.py"),
        }
    }
}

/// The interpreter of the environment that holds Authlib.
const PYTHON: &str = ".venv/bin/python";

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop")
}

fn with(interpreter: PathBuf, program: &str) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(program).current_dir(folder());
    command
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
fn is_python_required() -> bool {
    std::env::var("POLDER_TEST_PYTHON").is_ok_and(|value| value == "required")
}

impl ForeignClient {
    /// Starts it.
    pub fn start(library: Library) -> Result<Self> {
        let mut command = library.command();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().with_context(|| format!("{library:?}"))?;
        let says = BufReader::new(child.stdout.take().context("its standard output")?).lines();
        let mut this = Self { child, says, jwks: Value::Null };
        this.jwks = this.line()?["jwks"].take();
        Ok(this)
    }

    /// Has a party of this kind do its work, with what it has to be told.
    pub fn play(&mut self, party: &str, mut told: Value) -> Result<Said> {
        told["party"] = json!(party);
        self.tell(&told)
    }

    /// Where the browser ended.
    pub fn landed(&mut self, url: &Url) -> Result<Said> {
        self.tell(&json!({ "landed": url.as_str() }))
    }

    fn tell(&mut self, what: &Value) -> Result<Said> {
        let stdin = self.child.stdin.as_mut().context("its standard input")?;
        writeln!(stdin, "{what}")?;
        stdin.flush()?;
        let mut said = self.line()?;
        match said["open"].as_str() {
            Some(url) => Ok(Said::Open(url.parse()?)),
            None if said["found"].is_object() => Ok(Said::Found(said["found"].take())),
            None => bail!("it said {said}"),
        }
    }

    fn line(&mut self) -> Result<Value> {
        let line = self.says.next().context("it ended; its standard error says why")??;
        serde_json::from_str(&line).context(line)
    }
}

impl Drop for ForeignClient {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

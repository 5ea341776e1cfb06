//! A client library that is not ours: `openid-client`, run by Node (`tests/interop`).

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
    /// The public key its applications register.
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

/// Whether Node and the library are here; what was not tried says so, as for [`upstream::is_here`].
pub fn is_here(test: &str) -> bool {
    upstream::has(test, "interop", "openid-client")
}

impl ForeignClient {
    /// Starts it.
    pub fn start() -> Result<Self> {
        let mut child = Command::new("node")
            .arg("openid-client.mjs")
            .current_dir(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node")?;
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

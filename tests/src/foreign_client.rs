//! Client libraries that are not ours, each run by its own language (`tests/interop`).

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
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
    /// `oauth4webapi`, by Node.
    Oauth4webapi,
    /// `oidc-client-ts`, by a page in a browser: nothing to start here.
    OidcClientTs,
    /// Authlib, by Python.
    Authlib,
    /// Schemathesis, by Python: it signs nobody in, and tries the public API.
    Schemathesis,
    /// `golang.org/x/oauth2` and `go-oidc`, in a program built with Go.
    Go,
    /// Nimbus' `oauth2-oidc-sdk`, by Java.
    Nimbus,
}

impl Library {
    /// Whether it is here. What was not tried says so, past the capture of test output; where `make test` has the
    /// runtime, it sets `POLDER_TEST_NODE`, `…_PYTHON`, `…_GO` or `…_JAVA` to `required`, and then it fails.
    pub fn is_here(self, test: &str) -> bool {
        match self {
            Self::OpenidClient => upstream::has(test, "interop", "openid-client"),
            Self::Oauth4webapi => upstream::has(test, "interop", "oauth4webapi"),
            Self::OidcClientTs => upstream::has(test, "interop", "oidc-client-ts"),
            Self::Authlib => is_made(test, &folder().join(PYTHON), "POLDER_TEST_PYTHON"),
            Self::Schemathesis => is_made(test, &Self::schemathesis(), "POLDER_TEST_PYTHON"),
            Self::Go => is_made(test, &built().join(GO), "POLDER_TEST_GO"),
            Self::Nimbus => is_made(test, &built().join(JAVA).join("classes/Client.class"), "POLDER_TEST_JAVA"),
        }
    }

    /// The program of [`Library::Schemathesis`].
    pub fn schemathesis() -> PathBuf {
        folder().join(".venv/bin/schemathesis")
    }

    fn command(self) -> Result<Command> {
        let mut command = match self {
            Self::OpenidClient => with("node", "openid-client.mjs"),
            Self::Oauth4webapi => with("node", "oauth4webapi.mjs"),
            Self::OidcClientTs => bail!("a browser runs it"),
            Self::Schemathesis => bail!("it is no relying party"),
            Self::Authlib => with(folder().join(PYTHON), "authlib_client.py"),
            Self::Go => Command::new(built().join(GO)),
            Self::Nimbus => {
                let at = built().join(JAVA);
                let mut command = with("java", "-cp");
                command.arg(format!("{0}/classes:{0}/lib/*", at.display())).arg("Client");
                command
            }
        };
        command.current_dir(folder());
        Ok(command)
    }
}

/// The interpreter of the environment that holds Authlib.
const PYTHON: &str = ".venv/bin/python";
/// The program built with Go, and the folder of what Maven built.
const GO: &str = "go/interop";
const JAVA: &str = "java";

/// Where the parties are written.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("interop")
}

/// Where `tests/run` puts those that are built.
fn built() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../target/interop")
}

fn with(interpreter: impl AsRef<OsStr>, program: &str) -> Command {
    let mut command = Command::new(interpreter);
    command.arg(program);
    command
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
fn is_made(test: &str, file: &Path, required: &str) -> bool {
    if file.exists() {
        return true;
    }
    assert!(std::env::var(required).as_deref() != Ok("required"), "no {}", file.display());
    let _ = writeln!(std::io::stderr(), "NOT TRIED: {test}: no {}", file.display());
    false
}

impl ForeignClient {
    /// Starts it.
    pub fn start(library: Library) -> Result<Self> {
        let mut command = library.command()?;
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

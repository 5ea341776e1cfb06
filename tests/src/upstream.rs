//! An OpenID Provider that is not ours: `oidc-provider`, run by Node (`tests/provider`).

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// The provider; ends when dropped.
pub struct Upstream {
    child: Child,
}

/// Whether Node and the provider are here. Says so where they are not, past the capture of test output:
/// what was not tried is not passed in silence. Where `POLDER_TEST_NODE=required`, as `make test` sets it
/// once it has both, their absence is a failure.
pub fn is_here(test: &str) -> bool {
    has(test, "provider", "oidc-provider")
}

/// The same for what another folder of these tests has from elsewhere.
pub(crate) fn has(test: &str, folder: &str, package: &str) -> bool {
    let modules = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(folder).join("node_modules");
    let installed = modules.join(package).join("package.json").exists();
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if installed && node.is_ok_and(|status| status.success()) {
        return true;
    }
    let missing = format!("no Node with tests/{folder} installed (npm ci --ignore-scripts --prefix tests/{folder})");
    assert!(!is_required(), "{missing}");
    let _ = writeln!(std::io::stderr(), "NOT TRIED: {test}: {missing}");
    false
}

#[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
fn is_required() -> bool {
    std::env::var("POLDER_TEST_NODE").is_ok_and(|value| value == "required")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("provider")
}

impl Upstream {
    /// The issuer of a provider on this port.
    pub fn issuer(port: u16) -> String {
        format!("http://127.0.0.1:{port}")
    }

    /// Starts it for these clients: id, secret and redirect URI.
    pub fn start(port: u16, clients: &[(&str, &str, &str)]) -> Result<Self> {
        let clients: Vec<Value> = clients
            .iter()
            .map(
                |(id, secret, redirect)| json!({"client_id": id, "client_secret": secret, "redirect_uris": [redirect]}),
            )
            .collect();
        let mut child = Command::new("node")
            .arg("server.mjs")
            .current_dir(folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("node")?;
        let settings = json!({"issuer": Self::issuer(port), "port": port, "clients": clients});
        let stdin = child.stdin.as_mut().context("its standard input")?;
        stdin.write_all(settings.to_string().as_bytes())?;
        stdin.flush()?;
        let mut lines = BufReader::new(child.stdout.take().context("its standard output")?).lines();
        let ready = lines.any(|line| line.is_ok_and(|line| line == "ready"));
        let this = Self { child };
        ensure!(ready, "the provider ended before it was ready");
        Ok(this)
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

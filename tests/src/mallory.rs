//! A tenant that was broken into: the image of `tests/hostile`, told what to try.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use crate::Polder;
use crate::docker::{self, container, docker, inspect};

/// The image that `tests/hostile/build` makes.
pub const IMAGE: &str = "polder-hostile:debug";

/// The options of `polder dev` under which the tenant `mallory` is the hostile one.
pub const OPTIONS: [&str; 4] = ["--isolation", "docker", "--image", IMAGE];

/// One attempt.
#[derive(Clone, Debug, Deserialize)]
pub struct Tried {
    /// What was tried.
    pub tried: String,
    /// Whether it got through.
    pub reached: bool,
    /// What was said.
    pub said: String,
}

/// The tenant `mallory`.
pub struct Mallory {
    /// Its folder on the host.
    pub folder: PathBuf,
    /// Its issuer.
    pub issuer: String,
}

/// Whether Docker and the hostile image are here, as [`docker::is_here`].
pub fn is_here(test: &str) -> bool {
    if !docker::is_here(test) {
        return false;
    }
    let Err(missing) = docker(&["image", "inspect", IMAGE]) else { return true };
    assert!(!docker::is_required(), "{missing:#}");
    let _ = writeln!(std::io::stderr(), "NOT TRIED: {test}: no image {IMAGE} (tests/hostile/build): {missing:#}");
    false
}

impl Mallory {
    /// Makes the tenant on a Polder that was started with [`OPTIONS`].
    pub async fn on(polder: &Polder) -> Result<Self> {
        let issuer = polder.api().create_tenant("mallory").await?;
        let found = inspect(&container(&polder.data, "mallory")?)?;
        let mounts = found["Mounts"].as_array().context("mounts")?;
        let data = mounts.iter().find(|mount| mount["Destination"] == "/data").context("a data folder")?;
        let data = Path::new(data["Source"].as_str().context("a source")?);
        Ok(Self { folder: data.parent().context("a folder")?.to_owned(), issuer })
    }

    /// Has something tried, and gives what came of it.
    pub async fn tries(&self, order: Value) -> Result<Vec<Tried>> {
        carried_out(&self.folder.join("data"), &order, Duration::from_secs(60)).await
    }

    /// Puts `with` in the place of a socket.
    pub async fn swaps(&self, name: &str, with: &str) -> Result<()> {
        let done = self.tries(serde_json::json!({"try": "swap", "name": name, "with": with})).await?;
        match done.iter().find(|line| line.reached) {
            Some(line) => bail!("{}: {}", line.tried, line.said),
            None => Ok(()),
        }
    }
}

/// Leaves an order in a data folder and waits for the report.
pub async fn carried_out(data: &Path, order: &Value, within: Duration) -> Result<Vec<Tried>> {
    let report = data.join("report.1");
    let _ = fs::remove_file(&report);
    let draft = data.join("draft.1");
    fs::write(&draft, order.to_string())?;
    fs::rename(draft, data.join("order.1"))?;
    let began = Instant::now();
    loop {
        if let Ok(text) = fs::read_to_string(&report) {
            fs::remove_file(&report)?;
            return text.lines().map(|line| Ok(serde_json::from_str(line)?)).collect();
        }
        if began.elapsed() > within {
            bail!("the order was not carried out: {order}");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

//! `polder-image`: makes a container image of one static program, and its bill of materials.
//!
//! ```text
//! program ─> layer (tar) ─> configuration ─> archive for `docker load`
//! Cargo.lock, cargo metadata ─> bill of materials (CycloneDX)
//! ```
//!
//! No base image, no shell, no package manager, no network, and nothing that differs between two
//! builds: every time is the commit's, every order is sorted. The id of the image is the hash of its
//! configuration, which holds the hash of the layer.

mod archive;
mod bill;
mod hash;
mod image;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use clap::Parser;

/// Makes the image of a tenant.
#[derive(Debug, Parser)]
struct Options {
    /// The static program.
    #[arg(long)]
    program: PathBuf,
    /// The revision of the source it was built from.
    #[arg(long)]
    revision: String,
    /// The time everything carries, in seconds since 1970.
    #[arg(long)]
    epoch: i64,
    /// Where the archive and the bill of materials go.
    #[arg(long)]
    out: PathBuf,
    /// The image's name; `polder-tenant:VERSION` where none is given.
    #[arg(long)]
    tag: Option<String>,
}

fn main() -> Result<()> {
    let options = Options::parse();
    let version = env!("CARGO_PKG_VERSION");
    let program = fs::read(&options.program).with_context(|| options.program.display().to_string())?;
    let image = image::Image {
        program: &program,
        name: options.tag.unwrap_or_else(|| format!("polder-tenant:{version}")),
        version,
        revision: &options.revision,
        epoch: options.epoch,
    };
    let (id, archive) = image.archive()?;
    fs::write(options.out.join("polder-tenant.tar"), &archive)?;
    let bill = bill::of("polder-tenant-runtime", &metadata()?, &fs::read_to_string("Cargo.lock")?, &image)?;
    fs::write(options.out.join("polder-tenant.cdx.json"), bill)?;
    println!("{} sha256:{id} ({:.1} MB)", image.name, archive.len() as f64 / 1e6);
    Ok(())
}

/// What cargo knows of the packages that are built.
fn metadata() -> Result<serde_json::Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}

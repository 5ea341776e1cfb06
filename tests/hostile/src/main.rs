//! A tenant that was broken into: started in the place of `polder-tenant`, it tries to get out.
//!
//! ```text
//! started as any other tenant ─> becomes the genuine program
//! started as `mallory`        ─> answers health, so that it counts as running, and takes orders:
//!
//! /data/order.NAME (JSON) ─> tried ─> /data/report.NAME: one JSON line per attempt, written whole
//! ```
//!
//! A line is `{"tried", "reached", "said"}`. What was reached that must not be is for the test to judge.
//! It is the process of the container itself, so whoever asks the kernel who it is hears: the tenant.

mod bombs;
mod files;
mod kernel;
mod network;
mod raw;
mod report;
mod secrets;
mod serve;
mod swap;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use report::Report;
use serde_json::Value;

/// The program that this one took the place of.
const GENUINE: &str = "/genuine-tenant";

/// The name of the tenant that was broken into.
const MALLORY: &str = "--name=mallory";

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == MALLORY) {
        return Err(Command::new(GENUINE).args(arguments).exec().into());
    }
    let issuer = arguments.iter().skip_while(|argument| *argument != "--issuer").nth(1);
    serve::begin(issuer.context("an issuer")?)?;
    loop {
        for order in fs::read_dir("/data")? {
            let order = order?;
            let name = order.file_name().to_string_lossy().into_owned();
            let Some(name) = name.strip_prefix("order.") else { continue };
            // Taken before it is tried: what ends this process is not tried again.
            let text = fs::read(order.path())?;
            fs::remove_file(order.path())?;
            let Ok(words) = serde_json::from_slice(&text) else { continue };
            obey(name, &words)?;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn obey(name: &str, words: &Value) -> Result<()> {
    let mut report = Report::default();
    match words["try"].as_str().unwrap_or_default() {
        "everything" => {
            network::try_all(&mut report, words);
            files::try_all(&mut report, words);
            kernel::try_all(&mut report, words);
            secrets::try_all(&mut report);
        }
        // What changes this process for good is left out: there it gets through, and ends the report.
        "paths" => files::try_all(&mut report, words),
        "swap" => swap::swap(&mut report, words),
        "restore" => serve::bind_all()?,
        "answer" => serve::answer_with(words["with"].as_str().unwrap_or_default()),
        "processes" => bombs::processes(&mut report),
        "memory" => bombs::memory(&mut report),
        "files" => bombs::open_files(&mut report),
        "log" => bombs::log(words["megabytes"].as_u64().unwrap_or(1)),
        "fill" => bombs::fill(&mut report, words),
        "spin" => bombs::spin(Duration::from_secs(words["seconds"].as_u64().unwrap_or(1))),
        "nest" => bombs::nest(&mut report, words["deep"].as_u64().unwrap_or(1)),
        other => report.reached(&format!("an order that nobody knows: {other}"), ""),
    }
    let data = Path::new("/data");
    let draft = data.join("draft");
    fs::write(&draft, report.text())?;
    Ok(fs::rename(draft, data.join(format!("report.{name}")))?)
}

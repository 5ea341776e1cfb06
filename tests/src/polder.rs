//! A running `polder dev` with a data folder of its own.

use std::fs::File;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context, Result, bail};
use polder_db::testing::TestDatabase;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use crate::api::Api;
use crate::docker;
use crate::mailbox::Mailbox;
use crate::postgres;

/// What tests listen on.
const FIRST_PORT: u32 = 12_000;
const PORTS: u32 = 20_000;

/// Everything on one machine, as `make run` starts it.
pub struct Polder {
    /// The folder given as `--data`.
    pub data: PathBuf,
    /// What `dev.json` says.
    pub settings: Value,
    listen: u16,
    coaching: u16,
    options: Vec<String>,
    child: Child,
    /// When `dev.json` was written by the start before this one.
    before: Option<SystemTime>,
    folder: TempDir,
    /// Holds the control plane's own database, where that is on a server, until everything has ended.
    _control: Option<TestDatabase>,
}

impl Polder {
    /// Starts on free ports and waits for `dev.json`. Tenants are processes, or containers where
    /// `POLDER_TEST_ISOLATION=docker`; they, and the control plane, keep their data in files, or on the
    /// server that `POLDER_TEST_POSTGRES` names where `POLDER_TEST_DATABASE=postgres`.
    pub fn start() -> Result<Self> {
        let isolation: &[&str] = if docker::is_asked_for() { &docker::OPTIONS } else { &[] };
        Self::start_isolated(isolation)
    }

    /// The same, with tenants as containers whatever was asked for.
    pub fn start_in_docker() -> Result<Self> {
        Self::start_isolated(&docker::OPTIONS)
    }

    /// The same, with tenants' data on the server at this address whatever was asked for.
    pub fn start_on_server(address: &str) -> Result<Self> {
        let isolation: &[&str] = if docker::is_asked_for() { &docker::OPTIONS } else { &[] };
        Self::start_with(&[isolation, &["--database", address]].concat())
    }

    fn start_isolated(isolation: &[&str]) -> Result<Self> {
        if !postgres::is_asked_for() {
            return Self::start_with(isolation);
        }
        let server = postgres::address().context("POLDER_TEST_POSTGRES names no server")?;
        let (control, address) = postgres::control()?;
        let own = ["--database", server.as_str(), "--control-database", address.as_str()];
        let mut polder = Self::start_with(&[isolation, &own].concat())?;
        polder._control = Some(control);
        Ok(polder)
    }

    /// Starts on free ports with these further options, and waits for `dev.json`.
    pub fn start_with(options: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let data = folder.path().join("polder");
        Self::start_on(folder, data, options)
    }

    /// Starts with its data in a folder elsewhere, such as a disk that is small.
    pub fn start_at(data: PathBuf, options: &[&str]) -> Result<Self> {
        Self::start_on(tempfile::tempdir()?, data, options)
    }

    fn start_on(folder: TempDir, data: PathBuf, options: &[&str]) -> Result<Self> {
        let (listen, coaching) = (free_port()?, free_port()?);
        let options: Vec<String> = options.iter().map(|&option| option.to_owned()).collect();
        let child = spawn(&data, (listen, coaching), &options, folder.path())?;
        let mut polder = Self {
            data,
            settings: Value::Null,
            listen,
            coaching,
            options,
            child,
            before: None,
            folder,
            _control: None,
        };
        polder.wait_until_ready()?;
        Ok(polder)
    }

    /// Kills the control plane at once (SIGKILL).
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks it to stop (SIGTERM) and waits.
    pub fn stop(&mut self) -> Result<ExitStatus> {
        kill_process(self.pid()?, Signal::TERM)?;
        for _ in 0..400 {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(25));
        }
        bail!("it does not stop")
    }

    /// Starts again on the same folder and ports.
    pub fn start_again(&mut self) -> Result<()> {
        self.before = modified(&self.data.join("dev.json"));
        self.child = spawn(&self.data, (self.listen, self.coaching), &self.options, self.folder.path())?;
        self.wait_until_ready()
    }

    /// Starts again on the same folder and ports with other options.
    pub fn start_again_with(&mut self, options: &[&str]) -> Result<()> {
        self.options = options.iter().map(|&option| option.to_owned()).collect();
        self.start_again()
    }

    /// The options it was started with.
    pub fn options(&self) -> &[String] {
        &self.options
    }

    /// The value of an option it was started with.
    pub fn option(&self, name: &str) -> Option<&str> {
        let at = self.options.iter().position(|option| option == name)?;
        self.options.get(at + 1).map(String::as_str)
    }

    /// The public API with the key of `dev.json`.
    pub fn api(&self) -> Api {
        Api::new(self.settings["api"].as_str().unwrap_or(""), self.settings["api_key"].as_str().unwrap_or(""))
    }

    /// The mailbox of `dev.json`.
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::new(self.settings["mailbox"].as_str().unwrap_or(""))
    }

    /// The issuer of a tenant.
    pub fn issuer(&self, tenant: &str) -> String {
        match self.settings["tenants"][tenant]["issuer"].as_str() {
            Some(issuer) => issuer.to_owned(),
            // `dev.json` names what people start with; every tenant is a host beside the console's.
            None => self.address("console").replacen("console.", &format!("{tenant}."), 1),
        }
    }

    /// An address of `dev.json`, such as `coaching`.
    pub fn address(&self, name: &str) -> String {
        self.settings[name].as_str().unwrap_or("").to_owned()
    }

    /// The control plane's process.
    pub fn pid(&self) -> Result<Pid> {
        Pid::from_raw(i32::try_from(self.child.id())?).context("a process id")
    }

    /// Process ids of everything it started that still runs, found by the data folder or this
    /// process tree.
    pub fn children(&self) -> Vec<u32> {
        descendants(self.child.id())
    }

    /// Where its output goes.
    pub fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        let file = self.data.join("dev.json");
        loop {
            if let Some(status) = self.child.try_wait()? {
                bail!("polder ended with {status}:\n{}", std::fs::read_to_string(self.log()).unwrap_or_default());
            }
            // A file from the start before may still lie there: it counts once the console answers.
            if let Ok(text) = std::fs::read(&file)
                && let Ok(settings) = serde_json::from_slice::<Value>(&text)
                && std::net::TcpStream::connect(("127.0.0.1", self.listen)).is_ok()
                && modified(&file) != self.before
            {
                self.settings = settings;
                return Ok(());
            }
            if began.elapsed() > Duration::from_secs(60) {
                bail!("polder is not ready:\n{}", std::fs::read_to_string(self.log()).unwrap_or_default());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Polder {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) && self.stop().is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        if self.options.iter().any(|option| option.starts_with("postgres://")) {
            postgres::forget(&self.data);
        }
        if self.data.join("docker").exists() {
            docker::clean_up(&self.data);
        }
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.log()).unwrap_or_default();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("--- the end of polder's log\n{}", lines[lines.len().saturating_sub(60)..].join("\n"));
        }
    }
}

/// A program built beside the tests.
pub fn program(name: &str) -> PathBuf {
    let me = std::env::current_exe().expect("a path");
    // target/debug/deps/e2e-… -> target/debug
    let found = me.ancestors().nth(2).expect("a target folder").join(name);
    assert!(found.exists(), "{} is missing: build it with `cargo build --workspace --bins`", found.display());
    found
}

/// A loopback port that is free, and that nobody else takes meanwhile: connections leave by other ports (by 32768
/// and above, on Linux), and no test of this program is given it too.
pub fn free_port() -> Result<u16> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    for _ in 0..PORTS {
        // Where one begins is another matter in each program, as two may run at once.
        let next = NEXT.fetch_add(1, Ordering::Relaxed).wrapping_add(std::process::id().wrapping_mul(101));
        let port = u16::try_from(FIRST_PORT + next % PORTS)?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no port is free")
}

fn spawn(data: &Path, (listen, coaching): (u16, u16), options: &[String], folder: &Path) -> Result<Child> {
    let log = File::options().create(true).append(true).open(folder.join("log"))?;
    let command = Command::new(program("polder"))
        .arg("dev")
        .arg("--data")
        .arg(data)
        .args(["--listen", &format!("127.0.0.1:{listen}"), "--coaching-listen", &format!("127.0.0.1:{coaching}")])
        .args(options)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?;
    Ok(command)
}

/// When a file was last written, if it is there.
fn modified(file: &Path) -> Option<SystemTime> {
    std::fs::metadata(file).and_then(|m| m.modified()).ok()
}

fn descendants(pid: u32) -> Vec<u32> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(child) = entry.file_name().to_str().and_then(|n| n.parse::<u32>().ok()) else { continue };
        let stat = std::fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let parent =
            stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)).and_then(|p| p.parse().ok());
        if parent == Some(pid) {
            found.push(child);
            found.extend(descendants(child));
        }
    }
    found
}

//! A running `polder dev`, and what is done with it through its public API.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::http;
use crate::load::{Answer, Connection, Target};
use crate::process::{Running, free_port, program};

/// Longer than anything that is measured should take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A control plane with its tenants.
pub struct Dev {
    pub process: Running,
    pub data: PathBuf,
    pub port: u16,
    pub target: Target,
    console: String,
    bearer: String,
    connection: Connection,
    postgres: bool,
    _folder: TempDir,
}

impl Dev {
    /// Starts one with these further options, and waits until everything of it answers.
    pub async fn start(options: &[&str]) -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let data = folder.path().join("polder");
        let (port, coaching) = (free_port(), free_port());
        let mut command = Command::new(program("polder"));
        command.arg("dev").arg("--data").arg(&data).arg("--listen").arg(format!("127.0.0.1:{port}"));
        command.arg("--coaching-listen").arg(format!("127.0.0.1:{coaching}")).args(options);
        let mut process = Running::start(&mut command);
        let began = Instant::now();
        let settings: Value = loop {
            let written = std::fs::read(data.join("dev.json")).ok();
            if let Some(settings) = written.and_then(|text| serde_json::from_slice(&text).ok()) {
                break settings;
            }
            if began.elapsed() > PATIENCE || process.0.try_wait().ok()?.is_some() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let target = Target::Tcp(port);
        Some(Self {
            process,
            data,
            port,
            console: format!("console.localhost:{port}"),
            bearer: format!("Authorization: Bearer {}\r\n", settings["api_key"].as_str()?),
            connection: Connection::open(&target).await.ok()?,
            target,
            postgres: options.contains(&"--database"),
            _folder: folder,
        })
    }

    /// A tenant's host name.
    pub fn host(&self, slug: &str) -> String {
        format!("{slug}.localhost:{}", self.port)
    }

    /// `GET` below `/api/v1`.
    pub async fn get(&mut self, path: &str) -> Option<Value> {
        let request = http::get(&self.console, &format!("/api/v1{path}"), &self.bearer);
        let answer = self.send(&request).await?;
        serde_json::from_slice(&answer.body).ok()
    }

    /// `POST` below `/api/v1`: status and answer.
    pub async fn post(&mut self, path: &str, body: &Value) -> Option<(u16, Value)> {
        let request = http::post_json(&self.console, &format!("/api/v1{path}"), &self.bearer, body);
        let answer = self.send(&request).await?;
        Some((answer.status, serde_json::from_slice(&answer.body).unwrap_or_default()))
    }

    /// The connection may have been idle for longer than the server keeps one.
    async fn send(&mut self, request: &[u8]) -> Option<Answer> {
        if let Ok(answer) = self.connection.send(request).await {
            return Some(answer);
        }
        self.connection = Connection::open(&self.target).await.ok()?;
        self.connection.send(request).await.ok()
    }

    /// Asks for a tenant and looks every `pause` until it runs: how long that took.
    pub async fn create(&mut self, slug: &str, pause: Duration) -> Option<Duration> {
        let wanted = serde_json::json!({"slug": slug, "name": slug});
        // Opened anew, so that no idle connection is found closed within what is measured.
        self.connection = Connection::open(&self.target).await.ok()?;
        let began = Instant::now();
        let (status, said) = self.post("/tenants", &wanted).await?;
        if status != 202 {
            eprintln!("{slug}: {status} {said}");
            return None;
        }
        while began.elapsed() < PATIENCE {
            let shown = self.get(&format!("/tenants/{slug}")).await?;
            match shown["state"].as_str()? {
                "running" => return Some(began.elapsed()),
                "failed" => {
                    eprintln!("{slug}: {shown}");
                    return None;
                }
                _ => tokio::time::sleep(pause).await,
            }
        }
        None
    }

    /// Puts a tenant to sleep, and waits for that.
    pub async fn sleep(&mut self, slug: &str) -> Option<()> {
        let (status, _) = self.post(&format!("/tenants/{slug}/sleep"), &Value::Null).await?;
        (status == 200).then_some(())
    }

    /// Asks a tenant for its discovery document on a connection of its own: how long that took.
    pub async fn discover(&self, slug: &str) -> Option<Duration> {
        let request = http::get(&self.host(slug), "/.well-known/openid-configuration", "");
        let began = Instant::now();
        let answer = Connection::open(&self.target).await.ok()?.send(&request).await.ok()?;
        (answer.status == 200).then(|| began.elapsed())
    }

    /// The public socket of the tenant with this slug.
    pub async fn socket(&self, slug: &str) -> Option<Target> {
        let request = http::get(&self.host(slug), "/.well-known/openid-configuration", "");
        for entry in std::fs::read_dir(self.data.join("tenants")).ok()?.flatten() {
            let target = Target::Unix(entry.path().join("run").join("public.sock"));
            if let Ok(mut connection) = Connection::open(&target).await
                && connection.send(&request).await.is_ok_and(|answer| answer.status == 200)
            {
                return Some(target);
            }
        }
        None
    }
}

impl Drop for Dev {
    /// It ends what it started itself.
    fn drop(&mut self) {
        let _ = Command::new("kill").args(["-TERM", &self.process.0.id().to_string()]).status();
        let began = Instant::now();
        while began.elapsed() < Duration::from_secs(30) && matches!(self.process.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        if self.postgres {
            polder_tests::postgres::forget(&self.data);
        }
    }
}

//! Tenants in containers, beside a bare `docker run` of a program that does nothing but answer.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::asked::{Asked, middle_and_worst};
use crate::dev::Dev;
use crate::load::Target;
use crate::process::until_answered;

const PAIRS: usize = 7;
const IMAGE: &str = "polder-bench-empty:bench";

/// What the bare container runs: it answers whatever is asked, and needs nothing beside it.
const EMPTY: &str = r#"
use std::io::{Read, Write};
fn main() {
    let listener = std::os::unix::net::UnixListener::bind("/run/polder/public.sock").unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    }
}
"#;

const MISSING: &str = "tenants in containers";

/// Measures creating and waking in containers, in turn with bare ones.
pub async fn measure(asked: &mut Asked) {
    if docker(&["image", "inspect", &format!("polder-tenant:{}", env!("CARGO_PKG_VERSION"))]).is_none() {
        return asked.missing(MISSING, "no Docker with the image of `make image`");
    }
    let Some(bare) = Bare::make() else { return asked.missing(MISSING, "the bare image cannot be made") };
    let Some(mut dev) = Dev::start(&["--isolation", "docker"]).await else {
        return asked.missing(MISSING, "the control plane does not come up with Docker");
    };
    if in_turn(asked, &mut dev, &bare).await.is_none() {
        asked.missing(MISSING, "a tenant or a bare container did not come up");
    }
}

async fn in_turn(asked: &mut Asked, dev: &mut Dev, bare: &Bare) -> Option<()> {
    let (mut empty, mut created, mut woken) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..PAIRS {
        tokio::time::sleep(Duration::from_millis(300)).await;
        empty.push(bare.run(n).await?);
        tokio::time::sleep(Duration::from_millis(300)).await;
        let slug = format!("contained-{n}");
        created.push(dev.create(&slug, Duration::from_millis(1)).await?);
        dev.sleep(&slug).await?;
        woken.push(dev.discover(&slug).await?);
        dev.sleep(&slug).await?;
    }
    let (middle_of_empty, of_empty) = middle_and_worst(empty);
    let (middle, more) = middle_and_worst(created);
    let most = 1.5 * middle_of_empty + 150.0;
    let more = format!("{more}; a bare one {middle_of_empty:.0} ms, {of_empty}");
    asked.at_most("create a tenant (Docker, SQLite) until it runs", (middle, most), "ms", &more);
    let (middle, more) = middle_and_worst(woken);
    asked.told("wake from sleep (Docker): the first request", &format!("{middle:.0} ms ({more})"));
    Some(())
}

/// The image of the empty program.
struct Bare {
    folder: TempDir,
}

impl Bare {
    fn make() -> Option<Self> {
        let folder = tempfile::tempdir().ok()?;
        let (source, made) = (folder.path().join("empty.rs"), folder.path().join("empty"));
        std::fs::write(&source, EMPTY).ok()?;
        let compiled = Command::new("rustc")
            .args(["--edition", "2024", "-O", "-C", "target-feature=+crt-static", "-C", "strip=symbols", "-o"])
            .args([&made, &source])
            .status();
        // The writer of our own image, which reads Cargo.lock where it is run.
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?;
        let written = Command::new(env!("CARGO"))
            .args(["run", "--quiet", "--offline", "--locked", "--package", "polder-image", "--", "--program"])
            .arg(&made)
            .args(["--revision", "bench", "--epoch", "0", "--tag", IMAGE, "--out"])
            .arg(folder.path())
            .current_dir(workspace)
            .stdout(Stdio::null())
            .status();
        let loaded = docker(&["load", "--quiet", "--input", folder.path().join("polder-tenant.tar").to_str()?]);
        let done = [compiled, written].iter().all(|done| done.as_ref().is_ok_and(|status| status.success()));
        (done && loaded.is_some()).then_some(Self { folder })
    }

    /// From `docker run` to its first answer.
    async fn run(&self, n: usize) -> Option<Duration> {
        let run: PathBuf = self.folder.path().join(format!("run-{n}"));
        std::fs::create_dir(&run).ok()?;
        std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o777)).ok()?;
        let mount = format!("{}:/run/polder", run.display());
        let target = Target::Unix(run.join("public.sock"));
        let began = Instant::now();
        let started = tokio::task::spawn_blocking(move || {
            docker(&["run", "--detach", "--network", "none", "--volume", &mount, IMAGE])
        });
        let answered = until_answered(&target, b"GET / HTTP/1.1\r\n\r\n", Duration::from_secs(30)).await;
        let lasted = began.elapsed();
        let id = started.await.ok()??;
        docker(&["rm", "--force", &id]);
        answered.map(|_| lasted)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        docker(&["image", "rm", "--force", IMAGE]);
    }
}

/// Runs `docker ARGUMENTS` and gives what it prints, where it goes well.
fn docker(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

//! Docker, spoken to as an operator would: with its own command.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

/// The image that `deploy/image/build --debug` makes.
pub const IMAGE: &str = "polder-tenant:debug";

/// The options of `polder dev` under which tenants are containers.
pub const OPTIONS: [&str; 4] = ["--isolation", "docker", "--image", IMAGE];

/// Whether Docker and the image are here. Says so where they are not, past the capture of test
/// output: what was not tried is not passed in silence. Where `POLDER_TEST_DOCKER=required`, as
/// `make test` sets it once it has both, their absence is a failure.
pub fn is_here(test: &str) -> bool {
    let Err(missing) = docker(&["image", "inspect", IMAGE]) else { return true };
    assert!(!is_required(), "{missing:#}");
    let _ = writeln!(
        std::io::stderr(),
        "NOT TRIED: {test}: no Docker with the image {IMAGE} (deploy/image/build --debug): {missing:#}"
    );
    false
}

/// Whether that it is missing is a failure.
pub fn is_required() -> bool {
    asked("POLDER_TEST_DOCKER") == "required"
}

/// Whether all tests are to have tenants as containers.
pub fn is_asked_for() -> bool {
    asked("POLDER_TEST_ISOLATION") == "docker"
}

/// What the environment says the tests are to do; empty where it says nothing.
#[expect(clippy::disallowed_methods, reason = "tests have no command line of their own")]
pub(crate) fn asked(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// Runs `docker ARGUMENTS` and gives what it prints.
pub fn docker(arguments: &[&str]) -> Result<String> {
    let output = Command::new("docker").args(arguments).output().context("docker")?;
    if !output.status.success() {
        bail!("docker {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}

/// The ids of all containers of the control plane on `data`, running or not.
pub fn containers(data: &Path) -> Result<Vec<String>> {
    let installation = std::fs::read_to_string(data.join("docker/installation"))?;
    let label = format!("label=polder.installation={installation}");
    Ok(docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &label])?.lines().map(str::to_owned).collect())
}

/// The id of the one container of a tenant.
pub fn container(data: &Path, tenant: &str) -> Result<String> {
    let label = format!("label=polder.tenant={tenant}");
    let found = docker(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &label])?;
    let own = containers(data)?;
    let mut found = found.lines().filter(|id| own.iter().any(|own| own == id));
    let id = found.next().context("it has no container")?;
    ensure!(found.next().is_none(), "it has two containers");
    Ok(id.to_owned())
}

/// `docker inspect` of a container.
pub fn inspect(id: &str) -> Result<Value> {
    let mut found: Value = serde_json::from_str(&docker(&["inspect", id])?)?;
    Ok(found[0].take())
}

/// What can be seen of a control plane's containers from outside: the ids of their processes, and the
/// text of their inspections and logs.
pub fn seen(data: &Path) -> Result<(Vec<u32>, String)> {
    let (mut processes, mut text) = (Vec::new(), String::new());
    if !data.join("docker").exists() {
        return Ok((processes, text));
    }
    for id in containers(data)? {
        let found = inspect(&id)?;
        processes.push(u32::try_from(found["State"]["Pid"].as_u64().context("a process id")?)?);
        text.push_str(&found.to_string());
        let log = Command::new("docker").args(["logs", &id]).output()?;
        text.push_str(&String::from_utf8_lossy(&log.stdout));
        text.push_str(&String::from_utf8_lossy(&log.stderr));
    }
    Ok((processes, text))
}

/// Removes what a control plane that was killed left behind.
pub fn clean_up(data: &Path) {
    for id in containers(data).unwrap_or_default() {
        let _ = docker(&["rm", "--force", &id]);
    }
    let installation = std::fs::read_to_string(data.join("docker/installation")).unwrap_or_default();
    for memory in ["/run", "/dev/shm"] {
        let _ = std::fs::remove_dir_all(Path::new(memory).join(format!("polder-{installation}")));
    }
}

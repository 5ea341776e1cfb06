//! What a tenant is said to be isolated by is so: looked at from outside, in the kernel's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use polder_tests::polder::Polder;
use reqwest::Method;
use serde_json::Value;

/// The process of a tenant: the one whose arguments name its issuer.
fn process_of(polder: &Polder, issuer: &str) -> Result<u32> {
    let names = |pid: &u32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|&byte| byte == 0).any(|argument| argument == issuer.as_bytes())
    };
    polder.children().into_iter().find(names).context("the tenant's process")
}

/// The walls that the API says are in force, and those it says are not, with the reason.
fn walls(tenant: &Value) -> Result<BTreeMap<String, Option<String>>> {
    let walls = tenant["isolation"].as_array().context("a report")?.iter();
    let told = walls.map(|wall| {
        let missing = (wall["in_force"] != true).then(|| wall["detail"].as_str().unwrap_or_default().to_owned());
        (wall["name"].as_str().unwrap_or_default().to_owned(), missing)
    });
    Ok(told.collect())
}

fn status(pid: u32) -> Result<BTreeMap<String, String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let pairs = text.lines().filter_map(|line| line.split_once(':'));
    Ok(pairs.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
}

/// Whether a process is in another name space than we are; only who may look into it can tell.
fn apart(pid: u32, space: &str) -> Option<bool> {
    let of = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/{space}")).ok();
    Some(of(&pid.to_string())? != of("self")?)
}

#[tokio::test]
async fn g11_g12_g13_g14_g18_what_is_said_to_isolate_a_tenant_does() -> Result<()> {
    let polder = Polder::start_with(&[])?;
    let api = polder.api();
    let issuers = [api.create_tenant("tenant-a").await?, api.create_tenant("tenant-b").await?];
    let mut users = Vec::new();
    for (slug, issuer) in ["tenant-a", "tenant-b"].into_iter().zip(&issuers) {
        let tenant = api.get(&format!("/tenants/{slug}")).await?;
        let (walls, pid) = (walls(&tenant)?, process_of(&polder, issuer)?);
        let stands = |name: &str| walls.get(name) == Some(&None);
        let status = status(pid)?;
        for (wall, field, value) in [
            ("seccomp", "Seccomp", "2"),
            ("no_new_privileges", "NoNewPrivs", "1"),
            ("capabilities", "CapEff", "0000000000000000"),
            ("capabilities", "CapPrm", "0000000000000000"),
            ("capabilities", "CapBnd", "0000000000000000"),
        ] {
            ensure!(stands(wall) == (status[field] == value), "{wall}: {}: {walls:?}", status[field]);
        }
        for (wall, space) in [("network", "net"), ("file_system", "mnt"), ("ipc", "ipc"), ("user_namespace", "user")] {
            if let Some(apart) = apart(pid, space) {
                ensure!(apart == stands(wall), "{wall}: {walls:?}");
            }
        }
        let uid: u32 = status["Uid"].split('\t').next().unwrap_or_default().parse()?;
        ensure!(stands("user") == (uid != rustix::process::geteuid().as_raw()), "{uid}: {walls:?}");
        users.push((uid, stands("user")));
        // What seccomp, no new privileges and the limits need, every kernel has that this runs on.
        for wall in ["seccomp", "no_new_privileges", "core_dumps", "tracing", "environment", "resource_limits"] {
            ensure!(stands(wall), "{wall}: {walls:?}");
        }
        let limits = fs::read_to_string(format!("/proc/{pid}/limits"))?;
        let limit = |name: &str| {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap_or_default();
            line[name.len()..].split_whitespace().next().unwrap_or_default().to_owned()
        };
        assert_eq!((limit("Max core file size"), limit("Max open files")), ("0".to_owned(), "4096".to_owned()));
        if stands("file_system") {
            let mounts = fs::read_to_string(format!("/proc/{pid}/mounts"))?;
            let foreign =
                |path: &str| !path.starts_with(&*polder.data.to_string_lossy()) && !OF_THE_SYSTEM.contains(&path);
            let seen: Vec<_> = mounts.lines().filter_map(|line| line.split(' ').nth(1)).collect();
            ensure!(!seen.is_empty() && !seen.iter().any(|path| foreign(path)), "{seen:?}");
        }
        // Another process of the same user cannot look into it.
        if rustix::process::geteuid().is_root() {
            for secret in ["environ", "mem"] {
                let looked = Command::new("setpriv")
                    .args([format!("--reuid={uid}"), format!("--regid={uid}"), "--clear-groups".into()])
                    .args(["--inh-caps=-all", "--bounding-set=-all", "--", "head", "-c1"])
                    .arg(format!("/proc/{pid}/{secret}"))
                    .output()?;
                let why = String::from_utf8_lossy(&looked.stderr).into_owned();
                ensure!(!looked.status.success() && why.contains("Permission denied"), "{secret}: {why}");
            }
        }
    }
    if users.iter().all(|(_, own)| *own) {
        assert_ne!(users[0].0, users[1].0, "two tenants share a user");
        let mut owners = BTreeSet::new();
        for folder in fs::read_dir(polder.data.join("tenants"))? {
            let data = fs::metadata(folder?.path().join("data"))?;
            ensure!(owners.insert(data.uid()) && data.mode() & 0o077 == 0, "another tenant's user may come in");
        }
        ensure!(users.iter().all(|(uid, _)| owners.contains(uid)), "{owners:?}");
    }
    // The log says so too, once for each.
    let log = fs::read_to_string(polder.log())?;
    for slug in ["tenant-a", "tenant-b"] {
        let told = log.lines().filter(|line| line.contains("isolation") && line.contains(slug));
        assert_eq!(told.filter(|line| line.contains("in_force") && line.contains("seccomp")).count(), 1, "{log}");
    }
    Ok(())
}

/// What of the system's own is in a tenant's file system.
const OF_THE_SYSTEM: [&str; 5] = ["/", "/dev/null", "/dev/random", "/dev/urandom", "/proc/self"];

#[tokio::test]
async fn g11_k12_a_tenant_keeps_its_walls_and_its_user_through_its_life() -> Result<()> {
    let mut polder = Polder::start_with(&[])?;
    let issuer = polder.api().create_tenant("tenant-a").await?;
    let user = |polder: &Polder| -> Result<String> { Ok(status(process_of(polder, &issuer)?)?["Uid"].clone()) };
    let first = user(&polder)?;
    // One that sleeps has no walls, and nobody wakes it to ask.
    let (status, asleep) = polder.api().call(Method::POST, "/tenants/tenant-a/sleep", None).await?;
    ensure!(status == 200, "{status}: {asleep}");
    ensure!(polder.api().get("/tenants/tenant-a").await?["isolation"].is_null());
    let answer = polder_tests::names::client().build()?;
    let answer = answer.get(format!("{issuer}/.well-known/openid-configuration")).send().await?;
    ensure!(answer.status() == 200, "it was not woken");
    assert_eq!(user(&polder)?, first);
    // It answers as soon as it is up; what confines it is told by the next look at it.
    let mut shown = polder.api().get("/tenants/tenant-a").await?;
    for _ in 0..100 {
        if !shown["isolation"].is_null() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        shown = polder.api().get("/tenants/tenant-a").await?;
    }
    ensure!(walls(&shown)?.get("seccomp") == Some(&None), "{shown}");
    polder.stop()?;
    polder.start_again()?;
    assert_eq!(user(&polder)?, first, "a user is given once");
    Ok(())
}

//! Tenants as containers, tried with a real Docker where there is one.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use polder_tests::docker::{self, IMAGE, OPTIONS, container, containers, docker, inspect};
use polder_tests::polder::{free_port, program};
use polder_tests::{Browser, Polder, RelyingParty};
use serde_json::{Value, json};

/// How long a container may take to be back.
const SOON: Duration = Duration::from_secs(20);

/// Whether the tenant `practice` answers.
async fn answers(polder: &Polder) -> bool {
    let address = format!("{}/jwks.json", polder.issuer("practice"));
    Browser::new().http.get(address).send().await.is_ok_and(|answer| answer.status() == 200)
}

/// Waits until the container of `practice` is another one than `before` says, and answers.
async fn back(polder: &Polder, what: &str, before: &Value) -> Result<Value> {
    let began = Instant::now();
    while began.elapsed() < SOON {
        if let Ok(id) = container(&polder.data, "practice")
            && let Ok(now) = inspect(&id)
            && now["State"]["Running"] == true
            && now["State"]["Paused"] == false
            && now["State"]["StartedAt"] != before["State"]["StartedAt"]
            && answers(polder).await
        {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    bail!("after {what}, it is not back")
}

#[tokio::test]
async fn g11_g12_g13_g14_g18_docker_inspect_shows_every_wall() -> Result<()> {
    if !docker::is_here("every wall of a container") {
        return Ok(());
    }
    let polder = Polder::start_in_docker()?;
    let mut users = Vec::new();
    for tenant in ["practice", "platform"] {
        let found = inspect(&container(&polder.data, tenant)?)?;
        let host = &found["HostConfig"];
        let expected = [
            ("NetworkMode", json!("none")),
            ("ReadonlyRootfs", json!(true)),
            ("CapDrop", json!(["ALL"])),
            ("CapAdd", Value::Null),
            ("SecurityOpt", json!(["no-new-privileges:true"])),
            ("Privileged", json!(false)),
            ("IpcMode", json!("none")),
            ("PidMode", json!("")),
            ("UTSMode", json!("")),
            ("RestartPolicy", json!({"Name": "no", "MaximumRetryCount": 0})),
            ("Binds", Value::Null),
            ("PortBindings", Value::Null),
            ("Devices", Value::Null),
        ];
        for (name, value) in expected {
            let empty = value.is_null() && [json!([]), json!({})].contains(&host[name]);
            assert!(host[name] == value || empty, "{tenant}: {name} is {}", host[name]);
        }
        assert_eq!(host["Memory"], host["MemorySwap"], "no swap");
        for limit in ["Memory", "NanoCpus", "PidsLimit"] {
            assert!(host[limit].as_i64().is_some_and(|limit| limit > 0), "{tenant}: no limit on {limit}");
        }
        assert!(host["Ulimits"].as_array().context("ulimits")?.iter().any(|limit| limit["Name"] == "nofile"));
        let tmpfs = host["Tmpfs"]["/tmp"].as_str().context("a tmpfs")?;
        assert!(["noexec", "nosuid", "size="].iter().all(|option| tmpfs.contains(option)), "{tmpfs}");
        assert!(host["LogConfig"]["Config"]["max-size"].is_string());
        let networks = found["NetworkSettings"]["Networks"].as_object().context("networks")?;
        assert!(networks.keys().all(|name| name == "none"), "{networks:?}");
        assert_eq!(found["Config"]["Labels"]["polder.tenant"], tenant);

        // Its own three folders, and nothing of the host besides.
        for mount in found["Mounts"].as_array().context("mounts")? {
            let source = Path::new(mount["Source"].as_str().context("a source")?);
            match mount["Destination"].as_str() {
                Some("/data" | "/run/polder") => {
                    assert!(source.starts_with(polder.data.join("tenants")), "{source:?}");
                }
                Some("/run/secrets") => assert_eq!(mount["RW"], false),
                other => bail!("{other:?} is mounted"),
            }
        }
        users.push(found["Config"]["User"].as_str().context("a user")?.to_owned());
        as_the_kernel_sees_it(&found)?;
        no_secret_is_in(&found, &polder)?;
    }
    assert_ne!(users[0], users[1], "each tenant has a user of its own");
    Ok(())
}

/// What is in force, not what was asked for.
fn as_the_kernel_sees_it(found: &Value) -> Result<()> {
    let pid = &found["State"]["Pid"];
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    };
    for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        assert_eq!(field(capabilities), "0000000000000000", "{capabilities}");
    }
    assert_eq!((field("NoNewPrivs").as_str(), field("Seccomp").as_str()), ("1", "2"));
    let uid = found["Config"]["User"].as_str().and_then(|user| user.split(':').next()).context("a user")?;
    assert!(field("Uid").split_whitespace().all(|seen| seen == uid), "{}", field("Uid"));
    assert!(uid.parse::<u32>()? > 100_000, "no user of the host has this id");
    Ok(())
}

fn no_secret_is_in(found: &Value, polder: &Polder) -> Result<()> {
    let pid = &found["State"]["Pid"];
    let mut seen = found.to_string();
    for name in ["cmdline", "environ"] {
        match std::fs::read(format!("/proc/{pid}/{name}")) {
            Ok(text) => seen.push_str(&String::from_utf8_lossy(&text)),
            // Another user's environment is for root to read; what Docker set is in the inspection.
            Err(error) => ensure!(error.kind() == std::io::ErrorKind::PermissionDenied, "{error}"),
        }
    }
    let mut secrets = 0;
    for entry in std::fs::read_dir(polder.data.join("secrets"))? {
        let secret = std::fs::read_to_string(entry?.path())?;
        assert!(!seen.contains(secret.trim()), "a secret can be seen from outside");
        secrets += 1;
    }
    assert!(secrets >= 7, "the secrets were not found");
    assert!(!seen.contains("@example.test"));
    Ok(())
}

#[tokio::test]
async fn k1_people_sign_in_through_a_container_and_whatever_happens_to_it_is_repaired() -> Result<()> {
    if !docker::is_here("sign-in through a container, and its repair") {
        return Ok(());
    }
    let polder = Polder::start_in_docker()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();
    let answer = ann.sign_in(&client.authorize_url("openid email")?, &mailbox, "ann@example.test").await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    assert_eq!(client.userinfo(&tokens.access).await?.0, 200);

    let mut now = inspect(&container(&polder.data, "practice")?)?;
    let happenings: [&[&str]; 7] = [
        &["kill", "ID"],
        &["stop", "--time", "5", "ID"],
        &["rm", "--force", "ID"],
        &["pause", "ID"],
        &["update", "--memory", "1g", "--memory-swap", "2g", "ID"],
        &["update", "--restart", "always", "ID"],
        &["rename", "ID", "NAME"],
    ];
    let other = format!("polder-test-{}", std::process::id());
    for happening in happenings {
        let id = now["Id"].as_str().context("an id")?.to_owned();
        let named = |part: &&str| match *part {
            "ID" => id.clone(),
            "NAME" => other.clone(),
            part => part.to_owned(),
        };
        let arguments: Vec<String> = happening.iter().map(named).collect();
        docker(&arguments.iter().map(String::as_str).collect::<Vec<_>>())?;
        now = back(&polder, happening[0], &now).await?;
        assert_eq!(now["HostConfig"]["Memory"], now["HostConfig"]["MemorySwap"], "after {happening:?}");
        assert_eq!(now["HostConfig"]["RestartPolicy"]["Name"], "no", "after {happening:?}");
        assert_eq!(client.userinfo(&tokens.access).await?.0, 200, "after {happening:?}");
    }
    assert_eq!(containers(&polder.data)?.len(), 2, "one for each tenant");
    Ok(())
}

#[tokio::test]
async fn g23_containers_outlive_a_killed_control_plane_and_are_adopted() -> Result<()> {
    if !docker::is_here("containers are adopted") {
        return Ok(());
    }
    let mut polder = Polder::start_in_docker()?;
    let before = inspect(&container(&polder.data, "practice")?)?;
    polder.kill()?;
    assert_eq!(inspect(before["Id"].as_str().context("an id")?)?["State"]["Running"], true);
    polder.start_again()?;
    let adopted = inspect(&container(&polder.data, "practice")?)?;
    assert_eq!(adopted["Id"], before["Id"]);
    assert_eq!(adopted["State"]["StartedAt"], before["State"]["StartedAt"], "it was not even restarted");
    assert!(answers(&polder).await);
    // And it is kept, as one that was started here is.
    docker(&["kill", adopted["Id"].as_str().context("an id")?])?;
    back(&polder, "kill", &adopted).await?;

    // A stop in good order leaves neither containers nor secrets in memory.
    assert!(polder.stop()?.success());
    assert_eq!(containers(&polder.data)?, Vec::<String>::new());
    let installation = std::fs::read_to_string(polder.data.join("docker/installation"))?;
    for memory in ["/run", "/dev/shm"] {
        assert!(!Path::new(memory).join(format!("polder-{installation}")).exists());
    }
    polder.start_again()?;
    assert!(answers(&polder).await);
    Ok(())
}

#[tokio::test]
async fn g23_no_two_runtimes_work_on_one_tenant_when_the_driver_changes() -> Result<()> {
    if !docker::is_here("from containers to processes") {
        return Ok(());
    }
    let mut polder = Polder::start_in_docker()?;
    assert_eq!(containers(&polder.data)?.len(), 2);
    let contained = polder.options().to_vec();
    let own: Vec<&str> = contained[OPTIONS.len()..].iter().map(String::as_str).collect();
    polder.kill()?;
    polder.start_again_with(&own)?;
    assert_eq!(containers(&polder.data)?, Vec::<String>::new());
    assert!(answers(&polder).await);
    polder.stop()?;
    polder.start_again_with(&contained.iter().map(String::as_str).collect::<Vec<_>>())?;
    assert!(answers(&polder).await);
    Ok(())
}

#[test]
fn g28_what_is_missing_is_one_line_that_says_what_to_do() -> Result<()> {
    let said = |options: &[&str]| -> Result<String> {
        let folder = tempfile::tempdir()?;
        let output = Command::new(program("polder"))
            .arg("dev")
            .arg("--data")
            .arg(folder.path().join("polder"))
            .args(["--listen", &format!("127.0.0.1:{}", free_port()?)])
            .args(["--coaching-listen", &format!("127.0.0.1:{}", free_port()?)])
            .args(["--isolation", "docker"])
            .args(options)
            .output()?;
        assert_eq!(output.status.code(), Some(1));
        assert!(!folder.path().join("polder").exists(), "something was written");
        Ok(String::from_utf8(output.stderr)?.trim().to_owned())
    };
    let silent = said(&["--docker-host", "unix:///nowhere/docker.sock"])?;
    assert!(silent.contains("Docker does not answer at") && silent.lines().count() == 1, "{silent}");
    if docker::is_here("a missing image") {
        let missing = said(&["--image", "polder-tenant:nowhere"])?;
        assert!(missing.contains("`make image`") && missing.lines().count() == 1, "{missing}");
        assert_eq!(inspect(IMAGE)?["Config"]["User"], "10001:10001");
    }
    Ok(())
}

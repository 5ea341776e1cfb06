//! A tenant that was broken into tries to get out of its container, with the very flags that the product
//! gives it, beside tenants that work.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use polder_tests::docker::{container, docker, inspect};
use polder_tests::mallory::{self, IMAGE, OPTIONS, Tried, carried_out};
use polder_tests::{Mallory, Polder, names};
use reqwest::Method;
use serde_json::{Value, json};

fn got_through(tried: &[Tried]) -> Vec<String> {
    tried.iter().filter(|line| line.reached).map(|line| format!("{}: {}", line.tried, line.said)).collect()
}

/// A port of this machine that counts who comes.
async fn trap() -> Result<(u16, Arc<AtomicUsize>)> {
    let (listener, visits) = (tokio::net::TcpListener::bind("127.0.0.1:0").await?, Arc::new(AtomicUsize::new(0)));
    let (port, count) = (listener.local_addr()?.port(), Arc::clone(&visits));
    tokio::spawn(async move {
        while listener.accept().await.is_ok() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    Ok((port, visits))
}

/// What of this host a tenant must not come near, as the test itself can.
fn targets(polder: &Polder) -> Result<(Vec<String>, Vec<u64>)> {
    let mut paths = vec!["control.db", "dev.json", "secrets", "polder.json", "docker/installation"];
    paths.dedup();
    let mut paths: Vec<String> = paths.iter().map(|name| polder.data.join(name).display().to_string()).collect();
    let mut processes = vec![u64::from(polder.pid()?.as_raw_nonzero().get().unsigned_abs())];
    for neighbour in ["practice", "platform"] {
        let found = inspect(&container(&polder.data, neighbour)?)?;
        processes.push(found["State"]["Pid"].as_u64().context("a process")?);
        for mount in found["Mounts"].as_array().context("mounts")? {
            paths.push(mount["Source"].as_str().context("a source")?.to_owned());
        }
    }
    paths.extend(["/var/run/docker.sock", "/etc/shadow", "/var/lib/docker"].map(str::to_owned));
    paths.retain(|path| fs::symlink_metadata(path).is_ok());
    ensure!(paths.len() > 8, "the host's own files are where they were looked for: {paths:?}");
    Ok((paths, processes))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g11_g13_g14_g15_g18_g32_a_tenant_that_was_broken_into_reaches_nothing() -> Result<()> {
    if !mallory::is_here("what a tenant that was broken into reaches") {
        return Ok(());
    }
    let polder = Polder::start_with(&OPTIONS)?;
    let mallory = Mallory::on(&polder).await?;
    let (port, visits) = trap().await?;
    let port_of = |address: &str| url::Url::parse(address).ok().and_then(|url| url.port());
    let mut ports = vec![port];
    ports.extend(port_of(&polder.address("console")));
    ports.extend(port_of(&polder.address("coaching")));
    ensure!(ports.len() == 3);
    let (paths, processes) = targets(&polder)?;
    let order = json!({"try": "everything", "ports": ports, "paths": paths, "processes": processes});
    let tried = mallory.tries(order).await?;
    assert_eq!(got_through(&tried), Vec::<String>::new());
    assert!(tried.len() > 250, "only {} attempts were made", tried.len());
    assert_eq!(visits.load(Ordering::SeqCst), 0, "somebody came");
    // What it sent was sent as itself.
    let sent = polder.mailbox().messages("victim@example.test").await?;
    assert!(sent.iter().all(|message| message.tenant == "mallory"), "{sent:?}");
    // The same attempts are seen to succeed where the walls are thinner.
    let thin = in_a_plain_container(&paths).await?;
    let through = got_through(&thin);
    for one in ["write /new", "mknod", "a folder to write to"] {
        assert!(through.iter().any(|line| line.starts_with(one)), "{one} was not seen to succeed: {through:#?}");
    }
    Ok(())
}

/// The same program in a container as Docker makes it when nobody asks for more than no network.
async fn in_a_plain_container(paths: &[String]) -> Result<Vec<Tried>> {
    let (data, run, secrets) = (tempfile::tempdir()?, tempfile::tempdir()?, tempfile::tempdir()?);
    fs::write(secrets.path().join("seal"), "a secret")?;
    let mount = |folder: &tempfile::TempDir, to: &str| format!("{}:{to}", folder.path().display());
    let (data_at, run_at) = (mount(&data, "/data"), mount(&run, "/run/polder"));
    let secrets_at = mount(&secrets, "/run/secrets");
    let id = docker(&[
        "run",
        "--detach",
        "--user",
        "0:0",
        "--network",
        "none",
        "--volume",
        &data_at,
        "--volume",
        &run_at,
        "--volume",
        &secrets_at,
        IMAGE,
        "--name=mallory",
        "--issuer",
        "http://mallory.localhost",
    ])?;
    let order = json!({"try": "paths", "paths": paths});
    let tried = carried_out(data.path(), &order, Duration::from_secs(60)).await;
    docker(&["rm", "--force", &id])?;
    tried
}

/// Asks a neighbour again and again until told to stop; gives how long the slowest answers took.
async fn ask_until(url: String, stop: Arc<AtomicBool>) -> Result<Vec<Duration>> {
    let http = names::client().build()?;
    let mut took = Vec::new();
    // Also where it is over sooner than that.
    while !stop.load(Ordering::Relaxed) || took.len() < 20 {
        let began = Instant::now();
        let answer = http.get(&url).send().await?;
        ensure!(answer.status() == 200, "the neighbour answered {}", answer.status());
        took.push(began.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    took.sort_unstable();
    Ok(took)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g12_g27_g32_a_tenant_that_takes_all_it_can_get_takes_nothing_from_its_neighbours() -> Result<()> {
    if !mallory::is_here("bombs in a tenant") {
        return Ok(());
    }
    let polder = Polder::start_with(&OPTIONS)?;
    let mallory = Mallory::on(&polder).await?;
    let id = container(&polder.data, "mallory")?;
    let url = format!("{}/jwks.json", polder.issuer("practice"));
    let orders: [Value; 7] = [
        json!({"try": "processes"}),
        json!({"try": "memory"}),
        json!({"try": "files"}),
        json!({"try": "spin", "seconds": 2}),
        json!({"try": "fill", "folder": "/tmp", "megabytes": 64}),
        json!({"try": "log", "megabytes": 60}),
        json!({"try": "processes"}),
    ];
    for order in orders {
        let stop = Arc::new(AtomicBool::new(false));
        let neighbour = tokio::spawn(ask_until(url.clone(), Arc::clone(&stop)));
        let tried = mallory.tries(order.clone()).await?;
        stop.store(true, Ordering::Relaxed);
        let took = neighbour.await?.with_context(|| format!("during {order}"))?;
        assert_eq!(got_through(&tried), Vec::<String>::new(), "{order}");
        // Far above what it takes in quiet, so that a busy machine passes and a neighbour that waits does not.
        let slowest = took.get(took.len() * 99 / 100).context("it was asked")?;
        assert!(*slowest < Duration::from_secs(2), "{order}: a neighbour took {slowest:?}");
    }
    let found = inspect(&id)?;
    assert_eq!(found["State"]["Running"], true, "only the child that took too much was ended");
    // Sixty megabytes were said, and no more than the limit is kept.
    let log =
        std::path::Path::new(found["LogPath"].as_str().context("a log")?).parent().context("a folder")?.to_owned();
    if let Ok(entries) = fs::read_dir(log) {
        let kept: u64 = entries.flatten().filter_map(|entry| Some(entry.metadata().ok()?.len())).sum();
        assert!(kept < 35_000_000, "{kept} bytes of log");
    }
    Ok(())
}

/// What the gateway makes of the hostile tenant.
async fn visit(mallory: &Mallory) -> Result<reqwest::Response> {
    let http = names::client().timeout(Duration::from_secs(20)).build()?;
    Ok(http.get(format!("{}/hello", mallory.issuer)).header("x-forwarded-host", "evil.example").send().await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn g04_g13_g25_g32_sockets_that_are_swapped_lead_nowhere_and_the_tenant_can_be_destroyed() -> Result<()> {
    if !mallory::is_here("sockets that a tenant swaps") {
        return Ok(());
    }
    let polder = Polder::start_with(&OPTIONS)?;
    let (api, mallory) = (polder.api(), Mallory::on(&polder).await?);
    let genuine = visit(&mallory).await?;
    assert_eq!(genuine.status(), 200);
    let seen: Value = genuine.json().await?;
    assert!(!seen["request"].as_str().context("a request")?.contains("evil"), "{seen}");

    let practice = inspect(&container(&polder.data, "practice")?)?;
    let mounts = practice["Mounts"].as_array().context("mounts")?;
    let run = mounts.iter().find(|mount| mount["Destination"] == "/run/polder").context("sockets")?;
    let theirs = run["Source"].as_str().context("a source")?;
    let short = std::path::Path::new(theirs).parent().and_then(|p| p.file_name()).context("a name")?.to_string_lossy();
    let links = [
        format!("{theirs}/public.sock"),
        format!("{theirs}/admin.sock"),
        format!("../../{short}/run/public.sock"),
        format!("../../{short}/run/admin.sock"),
        "/var/run/docker.sock".to_owned(),
        "courier.sock".to_owned(),
        "admin.sock".to_owned(),
    ];
    let others = ["file", "pipe", "folder", "nothing", "deaf"].map(str::to_owned);
    for with in links.iter().chain(&others) {
        mallory.swaps("public.sock", with).await?;
        let answer = visit(&mallory).await?;
        let (status, text) = (answer.status().as_u16(), answer.text().await?);
        assert!([502, 503, 504].contains(&status), "{with}: {status}");
        assert!(
            !text.contains("issuer") && !text.contains("mallory") && !text.contains("Containers"),
            "{with}: {text}"
        );
    }
    mallory.tries(json!({"try": "restore"})).await?;
    assert_eq!(visit(&mallory).await?.status(), 200, "it answers again");
    for with in links.iter().chain(&others) {
        mallory.swaps("admin.sock", with).await?;
        if with == &links[1] || with == &links[3] || with == "deaf" {
            let (status, said) = api.call(Method::GET, "/tenants/mallory/settings", None).await?;
            assert!(status >= 500, "{with}: {status} {said}");
        }
    }
    mallory.tries(json!({"try": "restore"})).await?;

    says_what_it_should_not(&mallory).await?;

    // Things in the way of the control plane's own sockets, and it is started again.
    for with in [links[3].as_str(), "pipe", "file", "/etc/passwd"] {
        for name in ["courier.sock", "egress.sock"] {
            mallory.swaps(name, with).await?;
        }
        let (status, said) = api.call(Method::POST, "/tenants/mallory/restart", None).await?;
        assert_eq!((status, said["state"].as_str()), (200, Some("running")), "{with}: {said}");
        assert_eq!(visit(&mallory).await?.status(), 200, "{with}");
    }

    // Deeper than any path can name: it is destroyed all the same.
    mallory.tries(json!({"try": "nest", "deep": 3000})).await?;
    mallory.swaps("public.sock", "folder").await?;
    let (status, said) = api.call(Method::POST, "/tenants/mallory/terminate", None).await?;
    assert!(status < 300, "{status} {said}");
    let (status, said) =
        api.call(Method::POST, "/tenants/mallory/destroy", Some(json!({"confirm": "mallory"}))).await?;
    ensure!([200, 202].contains(&status), "{status} {said}");
    let began = Instant::now();
    while api.call(Method::GET, "/tenants/mallory/certificate", None).await?.0 != 200 {
        ensure!(
            began.elapsed() < Duration::from_secs(60),
            "it is not destroyed: {}",
            api.get("/tenants/mallory").await?
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(!mallory.folder.exists(), "something is left of it");
    let list = docker(&["ps", "--all", "--quiet", "--filter", "label=polder.tenant=mallory"])?;
    let own = polder_tests::docker::containers(&polder.data)?;
    assert!(!list.lines().any(|id| own.iter().any(|own| own.starts_with(id))), "its container is there still");
    assert_eq!(
        names::client().build()?.get(format!("{}/jwks.json", polder.issuer("practice"))).send().await?.status(),
        200
    );
    Ok(())
}

/// Answers that would reach further than the tenant itself.
async fn says_what_it_should_not(mallory: &Mallory) -> Result<()> {
    let answer = async |with: &str| {
        mallory.tries(json!({"try": "answer", "with": with})).await?;
        visit(mallory).await
    };
    let cookies = answer("cookies").await?;
    let headers = format!("{:?}", cookies.headers());
    assert!(headers.contains("own=1"), "{headers}");
    for word in ["stolen", "tossed", "strict-transport", "alt-svc", "x-accel", "x-sendfile"] {
        assert!(!headers.contains(word), "{word}: {headers}");
    }
    assert_eq!(answer("two").await?.text().await?, "hi");
    for _ in 0..5 {
        let text = visit(mallory).await?.text().await?;
        assert!(!text.contains("smuggled"), "what was said to nobody was heard: {text}");
    }
    for with in ["upgrade", "garbage", "headers"] {
        let answer = answer(with).await?;
        assert_eq!(answer.status(), 502, "{with}");
        assert!(answer.text().await?.contains("<html"), "{with}");
    }
    // One that never ends is the visitor's to give up; the gateway goes on.
    let mut endless = answer("endless").await?;
    for _ in 0..100 {
        ensure!(endless.chunk().await?.is_some(), "it ends");
    }
    drop(endless);
    assert_eq!(answer("").await?.status(), 200);
    Ok(())
}

//! What goes wrong around a running Polder, with its real programs: it is said clearly, nothing that was
//! acknowledged is lost, and nobody has to help.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use polder_tests::disk::SmallDisk;
use polder_tests::docker::{self, containers};
use polder_tests::polder::free_port;
use polder_tests::post_office::PostOffice;
use polder_tests::{Browser, Landed, Polder, RelyingParty, forms};
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const ANN: &str = "ann@example.test";
const SCOPE: &str = "openid offline_access";

/// Tries until it is so, or long enough.
async fn until<F: Future<Output = Result<bool>>>(what: &str, mut so: impl FnMut() -> F) -> Result<()> {
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(30) {
        if so().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("{what}: it does not recover")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_p3_a_full_disk_is_said_and_loses_nothing_that_was_acknowledged() -> Result<()> {
    let Some(disk) = SmallDisk::mount(64, "a full disk")? else { return Ok(()) };
    let polder = Polder::start_at(disk.at("polder"), &[])?;
    let api = polder.api();
    let client =
        RelyingParty::discover(&polder.issuer("practice"), &api.create_web_application("practice").await?).await?;
    let ann = Browser::new();
    let answer = ann.sign_in(&client.authorize_url(SCOPE)?, &polder.mailbox(), ANN).await?;
    let mut held = client.redeem(&client.code(&answer)?).await?;
    let page = Browser::new().open(&client.authorize_url(SCOPE)?).await?.page()?;
    ensure!(page.status == 200);

    disk.fill()?;
    // What there is of room in files that were made before is used up first.
    let mut said = None;
    for _ in 0..2000 {
        match client.try_refresh(held.refresh.as_deref().context("a refresh token")?).await? {
            (200, body) => held = polder_tests::relying_party::Tokens::from(&body)?,
            refused => {
                said = Some(refused);
                break;
            }
        }
    }
    let (status, body) = said.context("it never failed: the disk was not full")?;
    assert_eq!((status, body["error"].as_str()), (503, Some("temporarily_unavailable")), "{body}");
    // What needs no room goes on.
    assert_eq!(client.http.get(client.endpoint("jwks_uri")?).send().await?.status(), 200);
    assert_eq!(client.userinfo(&held.access).await?.0, 200);
    // People are told so on a page, programs in a problem.
    let bob = Browser::new();
    let page = bob.open(&client.authorize_url(SCOPE)?).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    let full = bob.submit(&page, &form, &[("email", "bob@example.test")]).await?.page()?;
    assert_eq!(full.status, 503, "{}", full.html);
    assert!(full.html.contains("<html") && !full.html.to_lowercase().contains("sqlite"), "{}", full.html);
    let mut refused = (0, Value::Null);
    for n in 0..200 {
        refused = api.call(Method::POST, "/tenants", Some(json!({"slug": format!("late-{n}"), "name": "x"}))).await?;
        if refused.0 != 202 {
            break;
        }
    }
    assert_eq!(refused.0, 503, "{}", refused.1);

    disk.free()?;
    let token = held.refresh.context("a refresh token")?;
    until("the refresh token that was acknowledged last", async || Ok(client.try_refresh(&token).await?.0 == 200))
        .await?;
    let answer = ann.open(&client.authorize_url(SCOPE)?).await?.elsewhere()?;
    client.redeem(&client.code(&answer)?).await?;
    let mailbox = polder.mailbox();
    until("signing in", async || {
        Ok(bob.sign_in(&client.authorize_url(SCOPE)?, &mailbox, "bob@example.test").await.is_ok())
    })
    .await?;
    api.create_tenant("after").await?;
    Ok(())
}

#[tokio::test]
async fn d27_a_code_that_was_asked_for_while_the_mail_server_was_gone_arrives_once_it_is_back() -> Result<()> {
    let address: SocketAddr = ([127, 0, 0, 1], free_port()?).into();
    let server = format!("smtp://{address}");
    let polder = Polder::start_with(&["--smtp", &server, "--mail-from", "Polder <no-reply@example.test>"])?;
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();
    let page = ann.open(&client.authorize_url(SCOPE)?).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("a form for the address")?;
    let page = ann.submit(&page, &form, &[("email", ANN)]).await?.page()?;
    // The page is the one that everybody gets, and says what to do if nothing comes.
    assert_eq!(page.status, 200);
    let form = forms::form_with(&page.html, "input[autocomplete=one-time-code]").context("a form for the code")?;
    assert!(forms::form(&page.html, "form[action$='/signin/resend']").is_some(), "{}", page.html);
    tokio::time::sleep(Duration::from_secs(1)).await;

    let office = PostOffice::open(address).await?;
    let code = office.code(ANN, Duration::from_secs(120)).await?;
    let answer = match ann.submit(&page, &form, &[("code", &code)]).await? {
        Landed::Elsewhere(answer) => answer,
        Landed::Page(page) => {
            let form = forms::form_with(&page.html, "input[autocomplete=name]").context("a form for the name")?;
            let landed = ann.submit(&page, &form, &[("name", "Ann")]).await?;
            ann.skip_offer(landed).await?.elsewhere()?
        }
    };
    client.redeem(&client.code(&answer)?).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f22_a_runtime_that_is_killed_in_the_middle_of_requests_is_a_page_and_then_forgotten() -> Result<()> {
    if docker::is_asked_for() {
        // Containers are killed in the tests of the Docker driver.
        return Ok(());
    }
    let polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let url = client.authorize_url(SCOPE)?;
    let stop = Arc::new(AtomicBool::new(false));
    let visitors: Vec<_> = (0..8)
        .map(|_| {
            let (url, stop) = (url.clone(), Arc::clone(&stop));
            tokio::spawn(async move {
                let (mut fine, mut late) = (0, 0);
                while !stop.load(Ordering::Relaxed) {
                    // Without cookies: each is somebody new.
                    let answer = Browser::new().http.get(url.clone()).send().await?;
                    let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
                    let text = answer.text().await?;
                    match status {
                        200 | 303 => fine += 1,
                        502 | 503 => {
                            late += 1;
                            ensure!(text.contains("One moment") && text.contains("try again"), "{text}");
                            ensure!(retry, "{status} does not say when to come back");
                        }
                        other => anyhow::bail!("{other}: {text}"),
                    }
                }
                anyhow::Ok((fine, late))
            })
        })
        .collect();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        for pid in polder.children() {
            let exe = std::fs::read_link(format!("/proc/{pid}/exe")).unwrap_or_default();
            if exe.file_name().is_some_and(|name| name == "polder-tenant") {
                let _ = kill_process(Pid::from_raw(i32::try_from(pid)?).context("a pid")?, Signal::KILL);
            }
        }
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    until("the tenant", async || Ok(client.http.get(client.endpoint("jwks_uri")?).send().await?.status() == 200))
        .await?;
    stop.store(true, Ordering::Relaxed);
    let mut fine = 0;
    for visitor in visitors {
        fine += visitor.await??.0;
    }
    assert!(fine > 20, "{fine}");
    Ok(())
}

/// What there is of the tenant `acme` once it is what it is meant to be.
async fn settled(polder: &Polder, wanted: &str) -> Result<()> {
    let api = polder.api();
    let began = Instant::now();
    loop {
        let (status, shown) = api.call(Method::GET, "/tenants/acme", None).await?;
        if (status == 410 && wanted == "destroyed") || shown["state"] == wanted {
            break;
        }
        ensure!(shown["state"] != "failed" && began.elapsed() < Duration::from_secs(40), "{wanted}: {shown}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

#[tokio::test]
async fn g23_a_kill_in_the_middle_of_any_operation_on_containers_leaves_one_of_everything() -> Result<()> {
    if !docker::is_here("kills in the middle of operations on containers") {
        return Ok(());
    }
    let mut polder = Polder::start_with(&docker::OPTIONS)?;
    let operations = [
        ("create", "running", 3),
        ("suspend", "suspended", 3),
        ("resume", "running", 3),
        ("sleep", "asleep", 2),
        ("wake", "running", 3),
        ("restart", "running", 3),
        ("terminate", "terminating", 2),
        ("undo", "running", 3),
        ("terminate", "terminating", 2),
        ("destroy", "destroyed", 2),
    ];
    for (number, (operation, wanted, count)) in (0_u64..).zip(operations) {
        let api = polder.api();
        let (path, body) = match operation {
            "create" => ("/tenants".to_owned(), Some(json!({"slug": "acme", "name": "Acme"}))),
            "destroy" => ("/tenants/acme/destroy".to_owned(), Some(json!({"confirm": "acme"}))),
            other => (format!("/tenants/acme/{other}"), None),
        };
        let asked = tokio::spawn(async move { api.call(Method::POST, &path, body).await });
        // Somewhere else in each.
        tokio::time::sleep(Duration::from_millis(40 + number * 37 % 230)).await;
        polder.kill()?;
        let _ = asked.await;
        polder.start_again()?;
        // Where the wish was not acknowledged, it may not have been heard.
        let api = polder.api();
        let (path, body) = match operation {
            "create" => ("/tenants".to_owned(), Some(json!({"slug": "acme", "name": "Acme"}))),
            "destroy" => ("/tenants/acme/destroy".to_owned(), Some(json!({"confirm": "acme"}))),
            other => (format!("/tenants/acme/{other}"), None),
        };
        let (status, said) = api.call(Method::POST, &path, body).await?;
        ensure!(status < 300 || [409, 410].contains(&status), "{operation}: {status} {said}");
        settled(&polder, wanted).await.with_context(|| operation.to_owned())?;
        let found = containers(&polder.data)?;
        assert_eq!(found.len(), count, "containers after {operation}: {found:?}");
        let folders = std::fs::read_dir(polder.data.join("tenants"))?.count();
        assert_eq!(folders, if operation == "destroy" { 2 } else { 3 }, "folders after {operation}");
    }
    Ok(())
}

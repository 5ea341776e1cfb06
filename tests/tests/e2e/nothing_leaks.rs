//! After real use, a search over everything that was written or can be seen finds no secret.

use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use polder_tests::{Browser, Polder, RelyingParty, docker, forms, postgres};

/// The spellings under which a value could lie around.
fn spellings(value: &str) -> Vec<Vec<u8>> {
    let hex: String = value.bytes().map(|b| format!("{b:02x}")).collect();
    let percent: String = url::form_urlencoded::byte_serialize(value.as_bytes()).collect();
    let mut all =
        vec![value.as_bytes().to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes(), percent.into_bytes()];
    // Base64 of the value at each of the three places it can start in a longer text, edges cut off.
    for shift in 0..3 {
        let padded = [vec![b'_'; shift], value.as_bytes().to_vec()].concat();
        for text in [STANDARD_NO_PAD.encode(&padded), URL_SAFE_NO_PAD.encode(&padded)] {
            let inner = &text[if shift == 0 { 0 } else { 4 }..text.len() - 4];
            if inner.len() >= 10 {
                all.push(inner.as_bytes().to_vec());
            }
        }
    }
    all
}

fn holds(text: &[u8], needle: &[u8]) -> bool {
    text.windows(needle.len()).any(|window| window == needle)
}

fn search(folder: &Path, needles: &[(String, Vec<Vec<u8>>)], found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type().is_ok_and(|t| t.is_dir()) {
            if name != "mailbox" {
                search(&path, needles, found);
            }
        } else if name != "dev.json" && entry.file_type().is_ok_and(|t| t.is_file()) {
            let text = std::fs::read(&path).unwrap_or_default();
            look(&path.display().to_string(), &text, needles, found);
        }
    }
}

fn look(place: &str, text: &[u8], needles: &[(String, Vec<Vec<u8>>)], found: &mut Vec<String>) {
    for (what, spellings) in needles {
        if spellings.iter().any(|needle| holds(text, needle)) {
            found.push(format!("{what} in {place}"));
        }
    }
}

#[tokio::test]
async fn f16_g17_g18_d07_a_search_finds_no_secret() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();
    let address = "canary.address@example.test";
    let wrong_code = "90817263";

    // A wrong code and the right one, tokens, a refresh, a replay, errors with secrets in odd places.
    let page = ann.open(&client.authorize_url("openid profile email offline_access")?).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("the e-mail form")?;
    let page = ann.submit(&page, &form, &[("email", address)]).await?.page()?;
    let mailed = mailbox.code(address).await?;
    let form = forms::form_with(&page.html, "input[autocomplete=one-time-code]").context("the code form")?;
    let page = ann.submit(&page, &form, &[("code", wrong_code)]).await?.page()?;
    let form = forms::form_with(&page.html, "input[autocomplete=one-time-code]").context("the code form")?;
    let landed = ann.submit(&page, &form, &[("code", &mailed)]).await?;
    let answer = match landed {
        polder_tests::Landed::Elsewhere(url) => url,
        polder_tests::Landed::Page(page) => {
            let form = forms::form_with(&page.html, "input[autocomplete=name]").context("the name form")?;
            let landed = ann.submit(&page, &form, &[("name", "Canary Surname")]).await?;
            ann.skip_offer(landed).await?.elsewhere()?
        }
    };
    let code = client.code(&answer)?;
    let tokens = client.redeem(&code).await?;
    let refresh = tokens.refresh.clone().context("a refresh token")?;
    let (_, refreshed) = client.try_refresh(&refresh).await?;
    client.userinfo(&tokens.access).await?;
    client.introspect(&tokens.access).await?;
    let mut in_query = client.endpoint("userinfo_endpoint")?;
    in_query.query_pairs_mut().append_pair("access_token", &tokens.access);
    client.http.get(in_query).send().await?;
    let mut odd = client.endpoint("token_endpoint")?;
    odd.query_pairs_mut().append_pair("client_secret", "canary-secret-in-a-query").append_pair("code", &code);
    client.http.get(odd).send().await?;
    let (_, users) = (0, api.get("/tenants/practice/users").await?);
    assert!(users.to_string().contains(address), "the address is known, so it must be stored sealed");
    // Found by parts of both, which are then in memory and in a query, and in no file and no log.
    let found = api.get("/tenants/practice/users?q=canary.address%20surname").await?;
    assert!(found.to_string().contains(address), "{found}");
    client.try_redeem(&code).await?;

    let secret = application.client_secret.clone().context("a secret")?;
    let next = refreshed["refresh_token"].as_str().context("a successor")?.to_owned();
    let signature = |token: &str| token.rsplit('.').next().unwrap_or("").to_owned();
    let api_key = polder.settings["api_key"].as_str().context("an API key")?.to_owned();
    let mut needles: Vec<(String, String)> = vec![
        ("the address".into(), address.into()),
        ("the address's local part".into(), "canary.address".into()),
        ("the name".into(), "Canary Surname".into()),
        ("the mailed code".into(), mailed),
        ("the wrong code".into(), wrong_code.into()),
        ("the authorization code".into(), code),
        ("the access token's signature".into(), signature(&tokens.access)),
        ("the ID token's signature".into(), signature(tokens.id.as_deref().unwrap_or("."))),
        ("the refresh token".into(), refresh),
        ("the next refresh token".into(), next),
        ("the client secret".into(), secret),
        ("a secret in a query".into(), "canary-secret-in-a-query".into()),
        ("the API key".into(), api_key),
    ];
    // Key files are the secret store itself; their content must be nowhere else.
    let secrets = polder.data.join("secrets");
    let mut keys = Vec::new();
    collect(&secrets, &mut keys);
    // That a database was made is kept beside its passwords: its name is no secret.
    keys.retain(|(name, _)| !name.ends_with(".database.made"));
    assert!(!keys.is_empty(), "the secret store is where the design says");
    for (name, text) in &keys {
        needles.push((format!("the key of {name}"), text.trim().to_owned()));
    }
    let needles: Vec<(String, Vec<Vec<u8>>)> = needles
        .into_iter()
        .filter(|(_, value)| value.len() >= 8)
        .map(|(what, value)| (what, spellings(&value)))
        .collect();

    let mut found = Vec::new();
    search(&polder.data, &needles, &mut found);
    // The secret store may hold its own keys.
    found.retain(|place| !(place.starts_with("the key of") && place.contains("/secrets/")));
    if let Some(control) = polder.option("--control-database") {
        look("the databases", &postgres::dumped(&polder.data, control)?, &needles, &mut found);
    }
    look("the log", &std::fs::read(polder.log())?, &needles, &mut found);
    let mut processes = polder.children();
    let (contained, seen) = docker::seen(&polder.data)?;
    look("what Docker shows", seen.as_bytes(), &needles, &mut found);
    processes.extend(contained);
    processes.push(u32::try_from(polder.pid()?.as_raw_nonzero().get())?);
    assert!(processes.len() >= 4, "polder, two tenants and the coaching platform: {processes:?}");
    for pid in processes {
        for part in ["environ", "cmdline"] {
            look(&format!("{part} of {pid}"), &std::fs::read(format!("/proc/{pid}/{part}"))?, &needles, &mut found);
        }
    }
    assert!(found.is_empty(), "found {found:#?}");
    Ok(())
}

fn collect(folder: &Path, keys: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            collect(&entry.path(), keys);
        } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
            keys.push((entry.path().display().to_string(), text));
        }
    }
}

#[test]
fn the_search_itself_finds_what_is_there() {
    use base64::Engine;
    let needles = vec![("it".to_owned(), spellings("canary.address@example.test"))];
    for shift in 0..3 {
        let json = format!("{}canary.address@example.test\"}}", "x".repeat(shift));
        let mut found = Vec::new();
        look("here", STANDARD_NO_PAD.encode(&json).as_bytes(), &needles, &mut found);
        assert_eq!(found.len(), 1, "shift {shift}");
    }
}

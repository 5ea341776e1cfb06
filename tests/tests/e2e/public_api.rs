//! The public API from outside: tenants, applications, people, sessions, the audit log.

use anyhow::{Context, Result};
use polder_tests::api::Api;
use polder_tests::{Browser, Polder, RelyingParty};
use reqwest::Method;
use serde_json::{Value, json};

#[tokio::test]
async fn k3_k13_a_customer_runs_a_tenant_by_api() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let issuer = api.create_tenant("acme").await?;
    assert_eq!(issuer, polder.issuer("practice").replace("practice", "acme"));
    let (status, problem) = api.call(Method::POST, "/tenants", Some(json!({"slug": "acme", "name": "Again"}))).await?;
    assert_eq!(status, 409, "{problem}");
    for (slug, expected) in [("admin", 409), ("platform", 409), ("Acme", 422), ("a", 422), ("x..y", 422)] {
        let (status, problem) = api.call(Method::POST, "/tenants", Some(json!({"slug": slug, "name": "x"}))).await?;
        assert!(status == expected || (expected == 422 && status == 400), "{slug}: {status} {problem}");
        assert!(problem["title"].is_string() && problem["status"] == status, "{problem}");
    }
    let application = api.create_web_application("acme").await?;
    let listed = api.get("/tenants/acme/applications").await?;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1));
    assert!(!listed.to_string().contains(application.client_secret.as_deref().context("a secret")?), "shown once");

    let client = RelyingParty::discover(&issuer, &application).await?;
    let bob = Browser::new();
    let answer = bob.sign_in(&client.authorize_url("openid email")?, &polder.mailbox(), "bob@example.test").await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let users = api.get("/tenants/acme/users").await?;
    assert_eq!(users["items"][0]["email"], "bob@example.test");
    let id = users["items"][0]["id"].as_str().context("an id")?.to_owned();
    let sessions = api.get(&format!("/tenants/acme/sessions?user_id={id}")).await?;
    let session = sessions["items"][0]["id"].as_str().context("a session")?.to_owned();

    // Ending the session is seen at once.
    assert_eq!(client.userinfo(&tokens.access).await?.0, 200);
    let (status, _) = api.call(Method::DELETE, &format!("/tenants/acme/sessions/{session}"), None).await?;
    assert_eq!(status, 204);
    assert_eq!(client.userinfo(&tokens.access).await?.0, 401);

    // The tenant's own log says who did it.
    let log = api.get("/tenants/acme/audit-events").await?;
    let ended = log["items"]
        .as_array()
        .context("items")?
        .iter()
        .find(|e| e["action"] == "session.ended")
        .context("the end is in the log")?;
    assert_eq!(ended["actor_kind"], "api_key", "{ended}");
    assert!(
        api.get(&format!("/tenants/acme/audit-events?user_id={id}")).await?["items"]
            .as_array()
            .is_some_and(|i| !i.is_empty())
    );
    Ok(())
}

#[tokio::test]
async fn g20_strangers_and_foreign_ids_get_nothing() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    api.create_tenant("acme").await?;
    let application = api.create_web_application("acme").await?;
    for key in ["", "wrong", "pk_00000000000000000000000000000000"] {
        let stranger = Api::new(&api.address, key);
        for path in [
            "/tenants",
            "/tenants/acme",
            "/tenants/acme/applications",
            "/tenants/acme/users",
            "/tenants/acme/sessions",
            "/tenants/acme/audit-events",
        ] {
            let (status, problem) = stranger.call(Method::GET, path, None).await?;
            assert_eq!(status, 401, "{path}: {problem}");
        }
        let (status, _) =
            stranger.call(Method::POST, "/tenants", Some(json!({"slug": "mine", "name": "Mine"}))).await?;
        assert_eq!(status, 401);
    }
    for path in [
        "/tenants/nobody".to_owned(),
        "/tenants/nobody/applications".to_owned(),
        format!("/tenants/practice/applications/{}", application.client_id),
        "/tenants/acme/users/018f0000-0000-7000-8000-000000000000".to_owned(),
        "/tenants/acme/users/not-an-id".to_owned(),
    ] {
        let (status, problem) = api.call(Method::GET, &path, None).await?;
        assert_eq!(status, 404, "{path}: {problem}");
    }
    Ok(())
}

#[tokio::test]
async fn an_idempotency_key_makes_one_tenant() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let http = polder_tests::names::client().build()?;
    let key = polder.settings["api_key"].as_str().context("a key")?.to_owned();
    let ask = |slug: &'static str| {
        let request = http
            .post(format!("{}/tenants", api.address))
            .bearer_auth(&key)
            .header("idempotency-key", "same-key-1")
            .json(&json!({"slug": slug, "name": "Once"}));
        async move {
            let answer = request.send().await?;
            anyhow::Ok((answer.status().as_u16(), answer.json::<Value>().await?))
        }
    };
    let (first, second) = (ask("once").await?, ask("once").await?);
    assert_eq!((first.0, second.0), (202, 202), "{second:?}");
    assert_eq!(first.1["slug"], second.1["slug"]);
    assert!([409, 422].contains(&ask("twice").await?.0), "the same key for something else is refused");
    Ok(())
}

#[tokio::test]
async fn the_openapi_document_is_3_1_and_names_what_works() -> Result<()> {
    let polder = Polder::start()?;
    let http = polder_tests::names::client().build()?;
    let document: Value =
        http.get(format!("{}/openapi.json", polder.address("api"))).send().await?.error_for_status()?.json().await?;
    assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")));
    let paths = document["paths"].as_object().context("paths")?;
    for part in ["tenants", "applications", "users", "sessions", "audit-events"] {
        assert!(paths.keys().any(|p| p.contains(part)), "{part} is missing from {:?}", paths.keys());
    }
    // Every GET without further parameters answers: nothing is advertised that does not work.
    let (api, key) = (polder.address("api"), polder.settings["api_key"].as_str().context("a key")?);
    for (path, operations) in paths {
        let path = path.trim_start_matches("/api/v1").replace("{slug}", "practice");
        if operations.get("get").is_some()
            && !path.contains('{')
            && !path.ends_with("/events")
            && path != "/openapi.json"
        {
            let answer = http.get(format!("{api}{path}")).bearer_auth(key).send().await?;
            // Only a destroyed tenant has a certificate. Exports are no JSON.
            let (expected, status) = (if path.ends_with("/certificate") { 409 } else { 200 }, answer.status().as_u16());
            assert_eq!(status, expected, "{path}: {}", answer.text().await?);
        }
    }
    Ok(())
}

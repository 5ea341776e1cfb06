//! Two tenants on one host: every artefact of one is tried on every endpoint of the other.

use anyhow::{Context, Result};
use polder_tests::relying_party::status_and_json;
use polder_tests::{Browser, Polder, RelyingParty};
use reqwest::header::{COOKIE, HOST};
use serde_json::Value;

#[tokio::test]
async fn g01_g02_g03_nothing_of_one_tenant_works_at_another() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let (a, b) = (api.create_tenant("tenant-a").await?, api.create_tenant("tenant-b").await?);
    let at_a = RelyingParty::discover(&a, &api.create_web_application("tenant-a").await?).await?;
    let at_b = RelyingParty::discover(&b, &api.create_web_application("tenant-b").await?).await?;
    let (ann_a, ann_b) = (Browser::new(), Browser::new());
    let scope = "openid email offline_access";
    let answer = ann_a.sign_in(&at_a.authorize_url(scope)?, &mailbox, "ann@example.test").await?;
    let tokens = at_a.redeem(&at_a.code(&answer)?).await?;
    let unused_code = at_a.code(&ann_a.open(&at_a.authorize_url(scope)?).await?.elsewhere()?)?;
    // The same person exists at B, with the same address.
    ann_b.sign_in(&at_b.authorize_url(scope)?, &mailbox, "ann@example.test").await?;

    // Keys differ, and so do their names.
    let keys = |client: &RelyingParty| {
        let (http, url) = (client.http.clone(), client.endpoint("jwks_uri"));
        async move { anyhow::Ok(http.get(url?).send().await?.json::<Value>().await?) }
    };
    let (keys_a, keys_b) = (keys(&at_a).await?, keys(&at_b).await?);
    let kids = |keys: &Value| {
        keys["keys"].as_array().map(|k| k.iter().map(|k| k["kid"].to_string()).collect::<Vec<_>>()).unwrap_or_default()
    };
    assert!(kids(&keys_a).iter().all(|kid| !kids(&keys_b).contains(kid)));

    // B's own client presents A's artefacts.
    let refresh = tokens.refresh.clone().context("a refresh token")?;
    let id_token = tokens.id.clone().context("an ID token")?;
    assert_eq!(at_b.try_redeem(&unused_code).await?.0, 400);
    assert_eq!(at_b.try_refresh(&refresh).await?.0, 400);
    for token in [&tokens.access, &refresh, &id_token, &unused_code] {
        assert_eq!(at_b.userinfo(token).await?.0, 401);
        assert_eq!(at_b.introspect(token).await?, serde_json::json!({"active": false}));
        assert_eq!(at_b.post("revocation_endpoint", &[("token", token)]).await?.status(), 200);
    }
    // A's client at B.
    let mut stranger = at_b.clone();
    stranger.application = at_a.application.clone();
    let (status, body) = stranger.try_refresh(&refresh).await?;
    assert_eq!((status, body["error"].as_str()), (401, Some("invalid_client")));
    let authorize = stranger.authorize_url("openid")?;
    assert!(ann_b.open(&authorize).await?.page()?.status.is_client_error(), "b01: no redirect for an unknown client");
    // A's cookies at B.
    let cookies = ann_a.cookies(&a).await?;
    let mut silent = at_b.authorize_url("openid")?;
    silent.query_pairs_mut().append_pair("prompt", "none");
    let answer = at_b.http.get(silent).header(COOKIE, cookies).send().await?;
    let location = answer.headers().get("location").context("a redirect")?.to_str()?;
    assert!(location.contains("error=login_required"), "{location}");
    // A's ID token as a hint at B signs nobody out silently.
    let mut out = at_b.endpoint("end_session_endpoint")?;
    out.query_pairs_mut()
        .append_pair("id_token_hint", &id_token)
        .append_pair("post_logout_redirect_uri", polder_tests::relying_party::AFTER_LOGOUT);
    assert!(ann_b.open(&out).await?.page().is_ok(), "a44: a page, never a redirect");

    // Nothing that was tried at B did harm at A.
    assert_eq!(at_a.userinfo(&tokens.access).await?.0, 200);
    assert_eq!(at_a.try_redeem(&unused_code).await?.0, 200);
    assert_eq!(at_a.try_refresh(&refresh).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn f07_g06_g07_b42_the_host_decides_and_nothing_else() -> Result<()> {
    let polder = Polder::start()?;
    let api = polder.api();
    let issuer = api.create_tenant("tenant-a").await?;
    let port = url::Url::parse(&issuer)?.port().context("a port")?;
    let http = polder_tests::names::client().build()?;
    let ask = |host: String| {
        let http = http.clone();
        async move {
            let url = format!("http://127.0.0.1:{port}/.well-known/openid-configuration");
            let answer = http
                .get(url)
                .header(HOST, host)
                .header("x-forwarded-host", "evil.example")
                .header("forwarded", "host=evil.example")
                .send()
                .await?;
            let status = answer.status().as_u16();
            anyhow::Ok((status, answer.text().await?))
        }
    };
    let (status, body) = ask(format!("tenant-a.localhost:{port}")).await?;
    assert_eq!(status, 200);
    assert!(!body.contains("evil"));
    assert!(body.contains(&format!("\"{issuer}\"")));
    let neutral = ask(format!("nobody.localhost:{port}")).await?;
    for host in [
        "evil.example".to_owned(),
        format!("tenant-a.localhost.evil.example:{port}"),
        "127.0.0.1".to_owned(),
        format!("tenant-a.localhost:{}", port ^ 1),
    ] {
        let (status, body) = ask(host.clone()).await?;
        assert!([400, 404, 421].contains(&status), "{host}: {status}");
        assert!(!body.contains(&issuer), "{host}");
        assert_eq!(status, neutral.0, "unknown hosts look alike: {host}");
    }
    // Health and administration are not on the tenant's host (F21).
    for path in ["health", "metrics", "admin", "applications", "users", "settings"] {
        assert_eq!(http.get(format!("{issuer}/{path}")).send().await?.status(), 404, "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn b08_a_client_of_nobody_is_told_nothing() -> Result<()> {
    let polder = Polder::start()?;
    let client =
        RelyingParty::discover(&polder.issuer("practice"), &polder.api().create_web_application("practice").await?)
            .await?;
    let mut wrong = client.clone();
    wrong.application.client_secret = Some("wrong".into());
    let mut unknown = wrong.clone();
    unknown.application.client_id = "018f0000-0000-7000-8000-000000000000".into();
    let form = [("grant_type", "client_credentials")];
    let (a, b) = (wrong.post("token_endpoint", &form).await?, unknown.post("token_endpoint", &form).await?);
    assert_eq!((a.status(), a.headers().get("www-authenticate")), (b.status(), b.headers().get("www-authenticate")));
    assert_eq!(status_and_json(a).await?, status_and_json(b).await?);
    Ok(())
}

//! `oidc-client-ts`, in single-page applications that a real browser runs (J03). What it reads from us it reads as any
//! page does: where an answer is not for its origin, the browser keeps it back (B92).

use std::fs;
use std::sync::Arc;

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use http::header::CONTENT_TYPE;
use polder_tests::chromium::{Chromium, Look};
use polder_tests::foreign_client::folder;
use tokio::net::TcpListener;

use super::*;
use crate::passkeys::by_code;

/// A page at an origin of its own.
struct Site {
    origin: String,
    listener: TcpListener,
}

impl Site {
    async fn reserve() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let origin = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
        Ok(Self { origin, listener })
    }

    /// Serves the page with what it has to know, for the rest of the test; gives its origin.
    fn serve(self, settings: Value) -> Result<String> {
        let page = fs::read_to_string(folder().join("single_page.html"))?;
        let library: Arc<str> =
            fs::read_to_string(folder().join("node_modules/oidc-client-ts/dist/browser/oidc-client-ts.js"))?.into();
        let page = get(async move || Html(page));
        let script = async move || ([(CONTENT_TYPE, "text/javascript")], library.to_string());
        let router = Router::new()
            .route("/", page.clone())
            .route("/callback", page.clone())
            .route("/left", page)
            .route("/oidc-client-ts.js", get(script))
            .route("/settings.json", get(async move || axum::Json(settings)));
        tokio::spawn(async move { axum::serve(self.listener, router).await });
        Ok(self.origin)
    }
}

/// A single-page application of the tenant's, served.
async fn single_page(polder: &Polder, preferences: Value) -> Result<(String, Application)> {
    let site = Site::reserve().await?;
    let wish = json!({
        "name": "Planner", "type": "spa", "redirect_uris": [format!("{}/callback", site.origin)],
        "post_logout_redirect_uris": [format!("{}/left", site.origin)],
        "grant_types": ["authorization_code", "refresh_token"], "preferences": preferences,
    });
    let application = polder.api().create_application("practice", wish).await?;
    ensure!(application.client_secret.is_none(), "a page keeps no secret");
    let dpop = preferences["dpop_bound_access_tokens"] == true;
    let settings = json!({ "authority": polder.issuer("practice"), "client_id": application.client_id, "dpop": dpop });
    Ok((site.serve(settings)?, application))
}

/// What the page found at its newest step, once it has taken this many since it was loaded.
async fn found(browser: &Chromium, step: usize) -> Result<Value> {
    let text = browser.wait(&format!("#found[data-step='{step}']")).await?.text().await?;
    serde_json::from_str(&text).context(text)
}

/// What a page's script gets when it posts to the token endpoint by itself.
async fn asks_for_tokens(browser: &Chromium, polder: &Polder, client_id: &str) -> Result<Value> {
    let script = "const [url, client_id, done] = arguments;
        const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 'x', client_id });
        fetch(url, { method: 'POST', body }).then((a) => a.json()).then((a) => done(a.error), () => done('kept back'))";
    let url = format!("{}/token", polder.issuer("practice"));
    Ok(browser.page.execute_async(script, vec![json!(url), json!(client_id)]).await?)
}

#[tokio::test]
async fn j03_b92_oidc_client_ts_signs_in_renews_and_signs_out() -> Result<()> {
    if !Library::OidcClientTs.is_here("j03_b92_oidc_client_ts_signs_in_renews_and_signs_out") {
        return Ok(());
    }
    let polder = Polder::start()?;
    let (site, application) = single_page(&polder, json!({})).await?;
    let browser = Chromium::start(Look::DESKTOP).await?;
    browser.open(&site).await?;
    browser.press("#sign-in").await?;
    by_code(&browser, &polder.mailbox(), ANN).await?;
    browser.fill("input[autocomplete=name]", "Ann Example").await?;
    browser.press("form#name-form button[type=submit]").await?;
    browser.press("form#skip-form button[type=submit]").await?;
    browser.wait_for_url(&format!("{site}/callback")).await?;
    // Discovery, the token endpoint and userinfo: all read by the page.
    let first = &found(&browser, 1).await?["signed-in"];
    ensure!(first["profile"]["email"] == ANN && first["profile"]["name"] == "Ann Example", "{first}");

    browser.press("#renew").await?;
    let second = &found(&browser, 2).await?["renew"];
    ensure!(second["profile"]["email"] == ANN, "{second}");
    for token in ["access_token", "refresh_token"] {
        ensure!(second[token].is_string() && second[token] != first[token], "{token}: {first} {second}");
    }
    // A refusal is as readable as an answer.
    browser.press("#give-back").await?;
    let third = found(&browser, 3).await?;
    ensure!(third == json!({ "give-back": { "revoked": true } }), "{third}");
    let refused = asks_for_tokens(&browser, &polder, &application.client_id).await?;
    ensure!(refused == "invalid_grant", "{refused}");

    browser.press("#leave").await?;
    let left = browser.wait_for_url(&format!("{site}/left")).await?;
    let answer = found(&browser, 1).await?;
    ensure!(answer["left"].is_object() && answer["left"].get("problem").is_none(), "{left}: {answer}");
    // The session is over: the next visit begins with the address.
    browser.open(&site).await?;
    browser.press("#sign-in").await?;
    browser.wait("form#email-form").await?;

    // A page at an origin that nobody registered gets nothing out of the same endpoint.
    let elsewhere = Site::reserve().await?.serve(json!({}))?;
    browser.open(&elsewhere).await?;
    let refused = asks_for_tokens(&browser, &polder, &application.client_id).await?;
    ensure!(refused == "kept back", "{refused}");
    browser.close().await
}

#[tokio::test]
async fn j03_b67_oidc_client_ts_binds_its_tokens_to_a_key_that_stays_in_the_browser() -> Result<()> {
    if !Library::OidcClientTs.is_here("j03_b67_oidc_client_ts_binds_its_tokens_to_a_key_that_stays_in_the_browser") {
        return Ok(());
    }
    let polder = Polder::start()?;
    let (site, _) = single_page(&polder, json!({ "dpop_bound_access_tokens": true })).await?;
    let browser = Chromium::start(Look::PHONE).await?;
    browser.open(&site).await?;
    browser.press("#sign-in").await?;
    by_code(&browser, &polder.mailbox(), ANN).await?;
    browser.press("form#name-form button[type=submit]").await?;
    browser.press("form#skip-form button[type=submit]").await?;
    browser.wait_for_url(&format!("{site}/callback")).await?;
    let first = &found(&browser, 1).await?["signed-in"];
    ensure!(first["token_type"] == "DPoP" && first["profile"]["email"] == ANN, "{first}");
    // The page may read the nonce that it is to use next (RFC 9449, 9).
    ensure!(first["profile"]["has_nonce"] == true, "{first}");
    browser.press("#renew").await?;
    let second = &found(&browser, 2).await?["renew"];
    ensure!(second["profile"]["email"] == ANN && second["access_token"] != first["access_token"], "{second}");
    browser.close().await
}

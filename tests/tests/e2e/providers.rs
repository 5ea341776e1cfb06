//! Signing in with an OpenID Provider that is not ours, in a real browser: connected after a code, and from
//! then on by the provider alone; its answer in the address, and as a form from another site.

use anyhow::{Context, Result, ensure};
use polder_tests::chromium::{Chromium, Look};
use polder_tests::polder::free_port;
use polder_tests::relying_party::{Tokens, VERIFIER, status_and_json};
use polder_tests::upstream::{self, Upstream};
use polder_tests::{Polder, RelyingParty};
use reqwest::Method;
use serde_json::{Value, json};

const ANN: &str = "ann@example.test";
const SECRET: &str = "a-secret-of-the-upstream-client";

async fn connect(polder: &Polder, port: u16, name: &str, mode: &str) -> Result<Value> {
    let body = json!({
        "provider": "oidc", "name": name, "client_id": mode, "client_secret": SECRET,
        "configuration": {"issuer": Upstream::issuer(port), "response_mode": mode, "keep_tokens": true},
    });
    let (status, made) = polder.api().call(Method::POST, "/tenants/practice/connections", Some(body)).await?;
    ensure!(status == 201, "{status} {made}");
    Ok(made)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The application, on an address that a browser goes to.
struct Shop {
    client: RelyingParty,
    redirect_uri: String,
}

impl Shop {
    async fn open(polder: &Polder) -> Result<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let redirect_uri = format!("http://127.0.0.1:{}/callback", listener.local_addr()?.port());
        let router = axum::Router::new().fallback(|| async { "welcome" });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let body = json!({"name": "Shop", "type": "web", "redirect_uris": [redirect_uri]});
        let application = polder.api().create_application("practice", body).await?;
        Ok(Self { client: RelyingParty::discover(&polder.issuer("practice"), &application).await?, redirect_uri })
    }

    /// From here through the button to whatever comes after the provider.
    async fn through(&self, browser: &Chromium, connection: &str, login: &str) -> Result<()> {
        let mut url = self.client.authorize_url("openid email")?;
        let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        url.query_pairs_mut().clear().extend_pairs(query.iter().map(|(name, value)| match name.as_str() {
            "redirect_uri" => (name.as_str(), self.redirect_uri.as_str()),
            _ => (name.as_str(), value.as_str()),
        }));
        browser.open(url.as_str()).await?;
        browser.press(&format!("a[href^='/signin/with/{connection}']")).await?;
        browser.fill("input[name=login]", login).await?;
        browser.press("button[type=submit]").await
    }

    /// Waits until the browser is back, without a passkey, and redeems its code.
    async fn tokens(&self, browser: &Chromium) -> Result<Tokens> {
        for _ in 0..200 {
            let url = browser.page.current_url().await?;
            if url.as_str().starts_with(&self.redirect_uri) {
                let code = url.query_pairs().find(|(name, _)| name == "code").context("a code")?.1.into_owned();
                let form = [
                    ("grant_type", "authorization_code"),
                    ("code", code.as_str()),
                    ("redirect_uri", self.redirect_uri.as_str()),
                    ("code_verifier", VERIFIER),
                ];
                let (status, body) = status_and_json(self.client.post("token_endpoint", &form).await?).await?;
                ensure!(status == 200, "{status} {body}");
                return Tokens::from(&body);
            }
            if url.path() == "/signin" && browser.shows("form#skip-form").await? {
                browser.press("form#skip-form button[type=submit]").await?;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        anyhow::bail!("still at {}:\n{}", browser.url().await?, browser.text().await.unwrap_or_default())
    }
}

#[tokio::test]
async fn b99_b100_e02_people_sign_in_with_a_provider_that_is_not_ours() -> Result<()> {
    if !upstream::is_here("signing in with oidc-provider") {
        return Ok(());
    }
    let polder = Polder::start()?;
    let (api, mailbox, port) = (polder.api(), polder.mailbox(), free_port()?);
    let shop = Shop::open(&polder).await?;
    let by_query = connect(&polder, port, "Upstream", "query").await?;
    let by_form = connect(&polder, port, "Upstream by form", "form_post").await?;
    assert_eq!(by_query["allowed_hosts"], json!([format!("127.0.0.1:{port}")]), "the way out was opened");
    let clients =
        [("query", SECRET, text(&by_query, "redirect_uri")), ("form_post", SECRET, text(&by_form, "redirect_uri"))];
    let _upstream = Upstream::start(port, &clients)?;
    let check = format!("/tenants/practice/connections/{}/check", text(&by_query, "id"));
    let (_, checked) = api.call(Method::POST, &check, None).await?;
    assert_eq!((checked["works"].as_bool(), &checked["further_hosts"]), (Some(true), &json!([])), "{checked}");

    let mut subjects = Vec::new();
    for (connection, login) in [(&by_query, "ann-by-query"), (&by_form, "ann-by-form")] {
        let id = text(connection, "id");
        // The first time it is not known whose account this is: a code says so, and the person agrees.
        let first = Chromium::start(Look::DESKTOP).await?;
        shop.through(&first, id, login).await?;
        first.wait("form#email-form").await?;
        ensure!(first.text().await?.contains(&format!("{login}@upstream.example")), "it says which account waits");
        first.picture(&format!("providers-waits-{login}")).await?;
        mailbox.forget(ANN).await?;
        first.fill("input[type=email]", ANN).await?;
        first.press("form#email-form button[type=submit]").await?;
        first.fill("input[autocomplete=one-time-code]", &mailbox.code(ANN).await?).await?;
        first.press("form#code-form button[type=submit]").await?;
        first.wait("form#name-form, form#connect-form").await?;
        if first.shows("form#name-form").await? {
            first.press("form#name-form button[type=submit]").await?;
        }
        first.wait("form#connect-form").await?;
        first.picture(&format!("providers-connect-{login}")).await?;
        first.press("form#connect-form button[type=submit]").await?;
        shop.tokens(&first).await?;
        // Their own page shows it.
        first.open(&format!("{}/account/connections", polder.issuer("practice"))).await?;
        ensure!(first.text().await?.contains(&format!("{login}@upstream.example")));
        first.picture(&format!("providers-account-{login}")).await?;
        first.close().await?;

        // From then on the provider is enough.
        let later = Chromium::start(Look::PHONE).await?;
        shop.through(&later, id, login).await?;
        let tokens = shop.tokens(&later).await?;
        let (client, id_token) = (&shop.client, tokens.id.as_deref().context("an ID token")?);
        let claims = client.verify(id_token, &client.application.client_id, "JWT").await?;
        assert_eq!(claims["amr"], json!(["fed"]));
        let (status, info) = client.userinfo(&tokens.access).await?;
        assert_eq!((status, info["email"].as_str()), (200, Some(ANN)), "whoever the provider's address is");
        subjects.push(text(&claims, "sub").to_owned());
        later.close().await?;
    }
    assert_eq!(subjects[0], subjects[1], "both accounts are one person's");

    // What was kept of the provider's tokens, and taking an account away.
    let accounts = format!("/tenants/practice/users/{}/connected-accounts", subjects[0]);
    let listed = api.get(&accounts).await?;
    let items = listed["items"].as_array().context("a list")?;
    assert!(items.len() == 2 && items.iter().all(|item| item["tokens_kept"] == true), "{listed}");
    let (status, _) = api.call(Method::DELETE, &format!("{accounts}/{}", text(&items[0], "id")), None).await?;
    assert_eq!((status, api.get(&accounts).await?["items"].as_array().map(Vec::len)), (204, Some(1)));
    Ok(())
}

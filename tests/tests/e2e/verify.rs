//! An app developer's API, as the example of `polder-verify` has it, with the tokens of a tenant (B77, B78, B86).

#[path = "../../../crates/verify/examples/api.rs"]
#[expect(dead_code, reason = "its `main` is for people")]
mod api;

use anyhow::{Context, Result, ensure};
use polder_tests::relying_party::status_and_json;
use polder_tests::{Browser, Polder, RelyingParty, names};
use polder_verify::Guard;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const AUDIENCE: &str = "https://api.example.org";

/// The API, with this guard; gives its address.
async fn serve(guard: Guard) -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, api::router(guard)).await });
    Ok(address)
}

struct Answer {
    status: u16,
    challenge: String,
    body: Value,
}

async fn call(address: &str, method: Method, path: &str, token: &str) -> Result<Answer> {
    let answer = names::client().build()?.request(method, format!("{address}{path}")).bearer_auth(token).send().await?;
    let challenges = answer.headers().get_all("www-authenticate").iter();
    let challenge = challenges.map(|value| value.to_str().unwrap_or_default()).collect::<Vec<_>>().join("; ");
    let (status, body) = status_and_json(answer).await?;
    Ok(Answer { status, challenge, body })
}

#[tokio::test]
async fn b77_b78_b86_an_api_checks_what_a_tenant_gives() -> Result<()> {
    let polder = Polder::start()?;
    let (issuer, api) = (polder.issuer("practice"), polder.api());
    let preferences = json!({ "audience": AUDIENCE, "scopes": ["orders:read"] });
    let web = json!({ "name": "Shop", "type": "web", "redirect_uris": [polder_tests::relying_party::REDIRECT],
        "preferences": preferences });
    let shop = RelyingParty::discover(&issuer, &api.create_application("practice", web).await?).await?;
    let machine = json!({ "name": "Nightly", "type": "machine", "preferences": preferences });
    let nightly = RelyingParty::discover(&issuer, &api.create_application("practice", machine).await?).await?;
    let guard = Guard::new(&issuer, AUDIENCE)?;
    let address = serve(guard.clone()).await?;

    // A person, with and without the scope.
    let browser = Browser::new();
    let answer =
        browser.sign_in(&shop.authorize_url("openid orders:read")?, &polder.mailbox(), "ann@example.test").await?;
    let (status, tokens) = shop.try_redeem(&shop.code(&answer)?).await?;
    ensure!(status == 200, "{tokens}");
    let (access, id) = (tokens["access_token"].as_str().context("an access token")?, &tokens["id_token"]);
    let orders = call(&address, Method::GET, "/orders", access).await?;
    assert_eq!(orders.status, 200, "{}", orders.challenge);
    let me = call(&address, Method::GET, "/me", access).await?;
    assert_eq!((&me.body["person"], &me.body["application"]), (&orders.body["of"], &json!(shop.application.client_id)));
    let answer = browser.open(&shop.authorize_url("openid")?).await?.elsewhere()?;
    let (_, bare) = shop.try_redeem(&shop.code(&answer)?).await?;
    let refused = call(&address, Method::GET, "/orders", bare["access_token"].as_str().context("a token")?).await?;
    let wanted = "Bearer error=\"insufficient_scope\", scope=\"orders:read\"";
    assert_eq!((refused.status, refused.challenge.as_str()), (403, wanted));

    // A passkey is asked for (RFC 9470), as a client library reads it.
    let refused = call(&address, Method::DELETE, "/account", access).await?;
    assert_eq!(refused.status, 401);
    assert!(refused.challenge.contains("error=\"insufficient_user_authentication\""), "{}", refused.challenge);
    assert!(refused.challenge.contains("acr_values=\"urn:polder:acr:passkey\""), "{}", refused.challenge);

    // A service: nobody's token, and good.
    let form = [("grant_type", "client_credentials"), ("scope", "orders:read")];
    let (status, own) = status_and_json(nightly.post("token_endpoint", &form).await?).await?;
    ensure!(status == 200, "{own}");
    let own = own["access_token"].as_str().context("a token")?;
    assert_eq!(call(&address, Method::GET, "/me", own).await?.body["person"], Value::Null);

    // What is none of them, or for another API.
    let other = serve(Guard::new(&issuer, "https://other.example.org")?).await?;
    let stranger = serve(Guard::new(&polder.issuer("platform"), AUDIENCE)?).await?;
    for (address, token, why) in [
        (&address, id.as_str().context("an ID token")?, "an ID token"),
        (&address, "x.y.z", "nonsense"),
        (&address, "opaque", "opaque"),
        (&other, access, "for another API"),
        (&stranger, access, "another tenant's"),
    ] {
        let refused = call(address, Method::GET, "/me", token).await?;
        assert_eq!((refused.status, refused.challenge.as_str()), (401, "Bearer error=\"invalid_token\""), "{why}");
    }
    let nothing = names::client().build()?.get(format!("{address}/me")).send().await?;
    assert_eq!(nothing.status(), StatusCode::UNAUTHORIZED);

    // Revoked, it is good for its minutes where nobody asks, and for nothing where the issuer is asked.
    let secret = nightly.application.client_secret.as_deref().context("a secret")?;
    let asking = serve(guard.introspecting(&nightly.application.client_id, secret).asking_always()).await?;
    assert_eq!(call(&asking, Method::GET, "/me", own).await?.status, 200);
    let revoked = nightly.post("revocation_endpoint", &[("token", own)]).await?;
    ensure!(revoked.status() == 200, "{}", revoked.status());
    assert_eq!(call(&asking, Method::GET, "/me", own).await?.status, 401);
    assert_eq!(call(&address, Method::GET, "/me", own).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn b77_p19_the_coaching_platforms_own_api_takes_coaches_tokens() -> Result<()> {
    let polder = Polder::start()?;
    let clients = format!("{}/api", polder.address("coaching"));
    let api = polder.api();
    // Another program of the coach, whose tokens are for the platform's API.
    let body = json!({ "name": "Planner", "type": "web", "redirect_uris": [polder_tests::relying_party::REDIRECT],
        "preferences": { "audience": clients } });
    let planner =
        RelyingParty::discover(&polder.issuer("practice"), &api.create_application("practice", body).await?).await?;
    for (email, expected) in [("coach@example.test", 200), ("ann@example.test", 403)] {
        let browser = Browser::new();
        let answer = browser.sign_in(&planner.authorize_url("openid roles")?, &polder.mailbox(), email).await?;
        let (_, tokens) = planner.try_redeem(&planner.code(&answer)?).await?;
        let access = tokens["access_token"].as_str().context("an access token")?;
        let answer = call(&clients, Method::GET, "/clients", access).await?;
        assert_eq!(answer.status, expected, "{email} {}", answer.challenge);
    }
    assert_eq!(call(&clients, Method::GET, "/clients", "x.y.z").await?.status, 401);
    Ok(())
}

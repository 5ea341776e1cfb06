//! A client that knows only the issuer signs a person in, and everything it was promised holds.

use std::time::Duration;

use anyhow::{Context, Result};
use polder_tests::relying_party::{AFTER_LOGOUT, Tokens, status_and_json};
use polder_tests::{Browser, Polder, RelyingParty};

const ANN: &str = "ann@example.test";
const SCOPE: &str = "openid profile email offline_access";

#[tokio::test]
async fn a07_a21_b43_b44_a_client_that_knows_only_the_issuer() -> Result<()> {
    let mut polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();

    // Plain forms, a mailed code, verified tokens.
    let answer = ann.sign_in(&client.authorize_url(SCOPE)?, &mailbox, ANN).await?;
    let code = client.code(&answer)?;
    let first = client.redeem(&code).await?;
    let (status, info) = client.userinfo(&first.access).await?;
    assert_eq!((status, info["email"].as_str(), info["email_verified"].as_bool()), (200, Some(ANN), Some(true)));

    // Refresh rotates; the same successor inside the grace.
    let refresh = first.refresh.clone().context("a refresh token")?;
    let (status, body) = client.try_refresh(&refresh).await?;
    assert_eq!(status, 200, "{body}");
    let second = Tokens::from(&body)?;
    assert_ne!(second.refresh, first.refresh);
    let (_, again) = client.try_refresh(&refresh).await?;
    assert_eq!(
        again["refresh_token"].as_str(),
        second.refresh.as_deref(),
        "inside the grace the successor is the same"
    );

    // Code replay: refused, and the tokens of the first use die.
    let (status, body) = client.try_redeem(&code).await?;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
    assert_eq!(client.userinfo(&first.access).await?.0, 401);
    assert_eq!(client.introspect(&second.access).await?["active"], false);

    // A second sign-in is silent; its family survives a kill and dies on reuse after a restart.
    let answer = ann.sign_in(&client.authorize_url(SCOPE)?, &mailbox, ANN).await?;
    let third = client.redeem(&client.code(&answer)?).await?;
    let old = third.refresh.clone().context("a refresh token")?;
    let (_, body) = client.try_refresh(&old).await?;
    let fourth = Tokens::from(&body)?;
    let (_, body) = client.try_refresh(fourth.refresh.as_deref().context("a token")?).await?;
    let fifth = Tokens::from(&body)?;

    polder.kill()?;
    polder.start_again()?;
    assert_eq!(client.introspect(&fifth.access).await?["active"], true, "what was acknowledged holds");
    assert_eq!(client.introspect(&first.access).await?["active"], false, "what was revoked stays dead");
    assert_eq!(client.try_redeem(&code).await?.0, 400);
    assert_eq!(client.try_refresh(&refresh).await?.0, 400);

    // The successor of `old` was used, so there is no grace left: reuse kills the family.
    let (status, body) = client.try_refresh(&old).await?;
    assert_eq!((status, body["error"].as_str()), (400, Some("invalid_grant")));
    let (status, _) = client.try_refresh(fifth.refresh.as_deref().context("a token")?).await?;
    assert_eq!(status, 400, "the whole family is dead");
    assert_eq!(client.userinfo(&fifth.access).await?.0, 401);

    // Ann is still signed in: her session was acknowledged too.
    let mut silent = client.authorize_url("openid")?;
    silent.query_pairs_mut().append_pair("prompt", "none");
    let answer = ann.open(&silent).await?.elsewhere()?;
    client.code(&answer).map(|_| ())
}

#[tokio::test]
async fn b43_after_the_grace_the_old_token_kills_the_family() -> Result<()> {
    let polder = Polder::start()?;
    let application = polder.api().create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let answer = Browser::new().sign_in(&client.authorize_url(SCOPE)?, &polder.mailbox(), ANN).await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let old = tokens.refresh.context("a refresh token")?;
    let (_, body) = client.try_refresh(&old).await?;
    let next = Tokens::from(&body)?;
    // The real clock, once: the grace is 20 seconds.
    tokio::time::sleep(Duration::from_secs(21)).await;
    assert_eq!(client.try_refresh(&old).await?.0, 400);
    assert_eq!(client.try_refresh(next.refresh.as_deref().context("a token")?).await?.0, 400);
    assert_eq!(client.userinfo(&next.access).await?.0, 401);
    Ok(())
}

#[tokio::test]
async fn a42_a43_signing_out_ends_the_session_and_comes_back() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();
    let answer = ann.sign_in(&client.authorize_url("openid")?, &mailbox, ANN).await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let mut out = client.endpoint("end_session_endpoint")?;
    out.query_pairs_mut()
        .append_pair("id_token_hint", tokens.id.as_deref().context("an ID token")?)
        .append_pair("post_logout_redirect_uri", AFTER_LOGOUT)
        .append_pair("state", "bye");
    let back = ann.open(&out).await?.elsewhere()?;
    assert_eq!(back.as_str(), format!("{AFTER_LOGOUT}?state=bye"));
    let mut silent = client.authorize_url("openid")?;
    silent.query_pairs_mut().append_pair("prompt", "none");
    let answer = ann.open(&silent).await?.elsewhere()?;
    assert!(answer.query().is_some_and(|q| q.contains("error=login_required")), "{answer}");
    assert_eq!(client.userinfo(&tokens.access).await?.0, 401, "revocation is immediate");
    Ok(())
}

#[tokio::test]
async fn b17_b73_a_machine_gets_tokens_and_can_give_them_back() -> Result<()> {
    let polder = Polder::start()?;
    let body = serde_json::json!({"name": "Robot", "type": "machine", "grant_types": ["client_credentials"]});
    let application = polder.api().create_application("practice", body).await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let (status, body) =
        status_and_json(client.post("token_endpoint", &[("grant_type", "client_credentials")]).await?).await?;
    assert_eq!(status, 200, "{body}");
    let tokens = Tokens::from(&body)?;
    assert!(tokens.refresh.is_none() && tokens.id.is_none());
    let claims = client.verify(&tokens.access, &client.issuer, "at+jwt").await?;
    assert_eq!(claims["sub"], application.client_id.as_str());
    assert_eq!(client.introspect(&tokens.access).await?["active"], true);
    assert_eq!(client.post("revocation_endpoint", &[("token", &tokens.access)]).await?.status(), 200);
    assert_eq!(client.introspect(&tokens.access).await?["active"], false);
    Ok(())
}

//! Fifty at once: exactly one success.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use futures_util::future::join_all;
use polder_tests::{Browser, Polder, RelyingParty, forms};

#[tokio::test]
async fn b14_d03_b44_fifty_parallel_uses_succeed_once() -> Result<()> {
    let polder = Polder::start()?;
    let (api, mailbox) = (polder.api(), polder.mailbox());
    let application = api.create_web_application("practice").await?;
    let client = RelyingParty::discover(&polder.issuer("practice"), &application).await?;
    let ann = Browser::new();
    let authorize = client.authorize_url("openid offline_access")?;

    // One e-mail code.
    let page = ann.open(&authorize).await?.page()?;
    let form = forms::form_with(&page.html, "input[type=email]").context("the e-mail form")?;
    let page = ann.submit(&page, &form, &[("email", "ann@example.test")]).await?.page()?;
    let form = forms::form_with(&page.html, "input[autocomplete=one-time-code]").context("the code form")?;
    let code = mailbox.code("ann@example.test").await?;
    let fields = [("code", code.as_str())];
    let answers = join_all((0..50).map(|_| ann.post(&page, &form, &fields))).await;
    let mut sessions = 0;
    for answer in answers {
        let answer = answer?;
        assert!(answer.status().as_u16() < 500, "{}", answer.status());
        // A session cookie is given to the winner alone.
        sessions += usize::from(answer.cookies().any(|c| c.name().ends_with("session") && !c.value().is_empty()));
    }
    assert_eq!(sessions, 1, "one code, one session");

    // One authorization code.
    let answer = ann.sign_in(&authorize, &mailbox, "ann@example.test").await?;
    let code = client.code(&answer)?;
    let answers = join_all((0..50).map(|_| client.try_redeem(&code))).await;
    let mut statuses = Vec::new();
    for answer in answers {
        let (status, body) = answer?;
        assert!(status == 200 || body["error"] == "invalid_grant", "{status} {body}");
        statuses.push(status);
    }
    assert_eq!(statuses.iter().filter(|&&s| s == 200).count(), 1, "one code, one set of tokens");

    // One refresh token: every answer that succeeds names the same successor.
    let answer = ann.sign_in(&authorize, &mailbox, "ann@example.test").await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let refresh = tokens.refresh.context("a refresh token")?;
    let answers = join_all((0..50).map(|_| client.try_refresh(&refresh))).await;
    let mut successors = BTreeSet::new();
    for answer in answers {
        let (status, body) = answer?;
        assert_eq!(status, 200, "{body}");
        successors.insert(body["refresh_token"].as_str().context("a successor")?.to_owned());
    }
    assert_eq!(successors.len(), 1, "one refresh token, one successor");
    Ok(())
}

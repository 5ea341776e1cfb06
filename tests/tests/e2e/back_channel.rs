//! Applications hear that a session ended: the coaching platform, one that was away while everything was killed,
//! and one that was away while its tenant went to sleep (A50, A51, E11, E16).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use polder_tests::{Browser, Polder, RelyingParty, forms};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use url::Url;

use crate::coaching::{COACH, enter};

/// An application's server.
#[derive(Clone)]
pub struct Receiver {
    /// Where it hears that a session ended.
    pub uri: String,
    heard: Arc<Mutex<Vec<String>>>,
    well: Arc<Mutex<bool>>,
}

impl Receiver {
    /// One that answers that it cannot, until it is well.
    async fn ill() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let uri = format!("http://127.0.0.1:{}/ended", listener.local_addr()?.port());
        let this = Self { uri, heard: Arc::default(), well: Arc::default() };
        let router = Router::new().route("/ended", post(hear)).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(this)
    }

    /// One that answers at once that it heard.
    pub async fn well() -> Result<Self> {
        let this = Self::ill().await?;
        this.recover();
        Ok(this)
    }

    fn recover(&self) {
        *self.well.lock().unwrap_or_else(PoisonError::into_inner) = true;
    }

    /// The tokens it was sent.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn hear(State(this): State<Receiver>, body: String) -> StatusCode {
    this.heard.lock().unwrap_or_else(PoisonError::into_inner).push(body.trim_start_matches("logout_token=").to_owned());
    if *this.well.lock().unwrap_or_else(PoisonError::into_inner) {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

/// Waits for something that comes by itself.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    for _ in 0..1200 {
        if is_so().await? {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    anyhow::bail!("never: {what}")
}

/// The newest session of a tenant ends at its administrator's word.
pub async fn end_newest(polder: &Polder, tenant: &str) -> Result<()> {
    let sessions = polder.api().get(&format!("/tenants/{tenant}/sessions?limit=1")).await?;
    let id = sessions["items"][0]["id"].as_str().context("a session")?;
    let path = format!("/tenants/{tenant}/sessions/{id}");
    let (status, answer) = polder.api().call(Method::DELETE, &path, None).await?;
    ensure!(status == 204, "{status} {answer}");
    Ok(())
}

async fn deliveries(polder: &Polder, tenant: &str) -> Result<Vec<Value>> {
    let page = polder.api().get(&format!("/tenants/{tenant}/logout-deliveries")).await?;
    Ok(page["items"].as_array().context("a list")?.clone())
}

/// Somebody signs in at a tenant's application that hears at `receiver`. Gives the `sid` of their ID token.
async fn signed_in(polder: &Polder, tenant: &str, receiver: &Receiver) -> Result<(RelyingParty, Value)> {
    let application = polder
        .api()
        .create_application(
            tenant,
            json!({ "name": "Shop", "type": "web", "redirect_uris": [polder_tests::relying_party::REDIRECT],
                "preferences": { "backchannel_logout_uri": receiver.uri } }),
        )
        .await?;
    let client = RelyingParty::discover(&polder.issuer(tenant), &application).await?;
    let answer =
        Browser::new().sign_in(&client.authorize_url("openid")?, &polder.mailbox(), "ann@example.test").await?;
    let tokens = client.redeem(&client.code(&answer)?).await?;
    let id = client.verify(tokens.id.as_deref().context("an ID token")?, &application.client_id, "JWT").await?;
    Ok((client, id["sid"].clone()))
}

#[tokio::test]
async fn a50_a51_e11_the_coaching_platform_hears_that_a_session_ended() -> Result<()> {
    let polder = Polder::start()?;
    let mailbox = polder.mailbox();
    let door = Url::parse(&polder.address("coaching"))?.join("/coach")?;
    let coach = Browser::new();
    let page = enter(&coach, &door, &mailbox, COACH).await?;
    ensure!(forms::shows(&page.html, "#invite-form"), "{}", page.html);
    // The administrator ends it: the platform's own session is over although nobody touched this browser.
    end_newest(&polder, "practice").await?;
    until("the platform forgets the coach", async || {
        let told = deliveries(&polder, "practice").await?;
        Ok(told.iter().any(|one| one["state"] == "delivered" && one["answered"] == 200))
    })
    .await?;
    let page = coach.open(&door).await?.page();
    let still_in = page.is_ok_and(|page| forms::shows(&page.html, "#invite-form"));
    assert!(!still_in, "the platform did not hear it");
    // What anybody could send it is refused.
    let ended = door.join("/coach/ended")?;
    for form in [vec![], vec![("logout_token", "x.y.z")], vec![("logout_token", "a"), ("logout_token", "b")]] {
        let answer = coach.http.post(ended.clone()).form(&form).send().await?;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["cache-control"].to_str()?),
            (400, "no-store"),
            "{form:?}"
        );
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e16_what_was_not_heard_is_told_after_everything_was_killed() -> Result<()> {
    let mut polder = Polder::start()?;
    let shop = Receiver::ill().await?;
    let (client, sid) = signed_in(&polder, "practice", &shop).await?;
    end_newest(&polder, "practice").await?;
    until("a first attempt", async || Ok(!shop.heard().is_empty())).await?;
    polder.kill()?;
    shop.recover();
    let before = shop.heard().len();
    polder.start_again()?;
    until("it is told", async || Ok(shop.heard().len() > before)).await?;
    until("it is noted", async || {
        let told = deliveries(&polder, "practice").await?;
        Ok(told.iter().any(|one| one["state"] == "delivered" && one["sid"] == sid))
    })
    .await?;
    let token = shop.heard().last().context("a token")?.clone();
    let said = client.verify(&token, &client.application.client_id, "logout+jwt").await?;
    assert_eq!(said["sid"], sid);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn e16_a_tenant_that_sleeps_is_woken_to_tell_it() -> Result<()> {
    let polder = Polder::start()?;
    polder.api().create_tenant("acme").await?;
    let shop = Receiver::ill().await?;
    let (_, sid) = signed_in(&polder, "acme", &shop).await?;
    end_newest(&polder, "acme").await?;
    until("two attempts", async || Ok(shop.heard().len() >= 2)).await?;
    let (status, answer) = polder.api().call(Method::POST, "/tenants/acme/sleep", None).await?;
    ensure!(status < 300, "{status} {answer}");
    until("it sleeps", async || Ok(polder.api().get("/tenants/acme").await?["state"] == "asleep")).await?;
    shop.recover();
    let before = shop.heard().len();
    until("it is told", async || Ok(shop.heard().len() > before)).await?;
    let told = deliveries(&polder, "acme").await?;
    assert!(told.iter().any(|one| one["sid"] == sid), "{told:?}");
    Ok(())
}

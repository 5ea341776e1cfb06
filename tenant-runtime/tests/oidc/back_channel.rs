//! What applications are told of ended sessions (Back-Channel Logout 1.0), by real receivers.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::post;
use http::StatusCode;
use polder_tenant_runtime::jobs::logouts;
use polder_tenant_runtime::store::{consents, sessions};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::client::web;
use crate::support::token::{claims, header, verified};
use crate::support::world::on_each;
use crate::support::{Client, World};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// An application's server: what it was sent, and what it answers.
#[derive(Clone)]
struct Receiver {
    uri: String,
    heard: Arc<Mutex<Vec<String>>>,
    /// The status of its answers; 0 is none at all.
    answers: Arc<Mutex<u16>>,
}

impl Receiver {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://127.0.0.1:{}/ended", listener.local_addr().unwrap().port());
        let this = Self { uri, heard: Arc::default(), answers: Arc::new(Mutex::new(200)) };
        let router = Router::new().route("/ended", post(hear)).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    fn answer(&self, status: u16) {
        *self.answers.lock().unwrap() = status;
    }

    /// Every logout token so far.
    fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    async fn wait(&self, count: usize) {
        let begun = Instant::now();
        while self.heard().len() < count {
            assert!(begun.elapsed() < Duration::from_secs(30), "never heard");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// An application that hears here.
    async fn application(&self, world: &World) -> Client {
        world
            .application(crate::support::client::Choice { backchannel_logout_uri: Some(self.uri.clone()), ..web() })
            .await
    }
}

async fn hear(State(this): State<Receiver>, body: String) -> axum::response::Response {
    let (name, token) = body.split_once('=').unwrap();
    assert_eq!(name, "logout_token");
    this.heard.lock().unwrap().push(token.to_owned());
    let status = *this.answers.lock().unwrap();
    if status == 0 {
        tokio::time::sleep(Duration::from_secs(600)).await;
    }
    let status = StatusCode::from_u16(status).unwrap();
    let elsewhere = if status.is_redirection() { "http://127.0.0.1:1/" } else { "" };
    axum::response::IntoResponse::into_response((status, [("location", elsewhere)]))
}

/// Somebody signs in to these applications and out again. Gives their ID tokens.
async fn in_and_out(world: &World, clients: &[&Client]) -> Vec<String> {
    let browser = world.browser();
    let name = format!("ann{}@example.test", world.rows("SELECT COUNT(*) AS n FROM user_account").await);
    browser.sign_in(world, world.user(&name).await).await;
    let mut hints = Vec::new();
    for client in clients {
        hints.push(browser.tokens(world, client).await.member("id_token"));
    }
    let hint = serde_urlencoded::to_string([("id_token_hint", &hints[0])]).unwrap();
    assert!(browser.get(world, &format!("/end_session?{hint}")).await.status < 400);
    hints
}

async fn state_of(world: &World) -> (i64, i64, i64) {
    let waiting = "SELECT COUNT(*) AS n FROM logout_delivery WHERE next_attempt_at IS NOT NULL";
    let delivered = "SELECT COUNT(*) AS n FROM logout_delivery WHERE delivered_at IS NOT NULL";
    let failed = "SELECT COUNT(*) AS n FROM logout_delivery WHERE failed_at IS NOT NULL";
    (world.rows(waiting).await, world.rows(delivered).await, world.rows(failed).await)
}

#[tokio::test]
async fn a49_a50_e22_every_application_of_the_session_gets_a_token_of_its_own() {
    on_each(|world| async move {
        let (shop, forum) = (Receiver::start().await, Receiver::start().await);
        let (at_shop, at_forum) = (shop.application(&world).await, forum.application(&world).await);
        let quiet = world.application(web()).await;
        let hints = in_and_out(&world, &[&at_shop, &at_forum, &quiet]).await;
        logouts::round(&world.app).await.unwrap();
        assert_eq!(state_of(&world).await, (0, 2, 0), "one that named no address is told nothing");
        let mut jtis = Vec::new();
        for (receiver, client, hint) in [(&shop, &at_shop, &hints[0]), (&forum, &at_forum, &hints[1])] {
            let heard = receiver.heard();
            assert_eq!(heard.len(), 1);
            let said = verified(&world, &heard[0]).await;
            assert_eq!(header(&heard[0])["typ"], "logout+jwt");
            assert_eq!(header(&heard[0])["alg"], header(hint)["alg"], "as its ID tokens");
            let id = claims(hint);
            let mut names: Vec<&String> = said.as_object().unwrap().keys().collect();
            names.sort();
            assert_eq!(names, ["aud", "events", "exp", "iat", "iss", "jti", "sid", "sub"], "and no nonce");
            assert_eq!(said["events"], json!({ EVENT: {} }));
            assert_eq!((&said["iss"], &said["sub"], &said["sid"]), (&id["iss"], &id["sub"], &id["sid"]));
            assert_eq!(said["aud"], json!(client.id));
            assert_eq!(said["exp"].as_i64().unwrap() - said["iat"].as_i64().unwrap(), 120);
            jtis.push(said["jti"].clone());
        }
        assert_ne!(jtis[0], jtis[1]);
        assert_ne!(claims(&hints[0])["sid"], claims(&hints[1])["sid"], "each knows the session by another name");
    })
    .await;
}

#[tokio::test]
async fn a51_one_that_hangs_keeps_nobody_else_waiting() {
    on_each(|world| async move {
        let (hanging, healthy) = (Receiver::start().await, Receiver::start().await);
        hanging.answer(0);
        let clients = (hanging.application(&world).await, healthy.application(&world).await);
        let job = tokio::spawn(logouts::run(Arc::clone(&world.app)));
        let begun = Instant::now();
        for _ in 0..3 {
            in_and_out(&world, &[&clients.0, &clients.1]).await;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "nobody waits who signs out");
        let told = Instant::now();
        healthy.wait(3).await;
        assert!(told.elapsed() < Duration::from_secs(5), "{:?}", told.elapsed());
        assert!(!hanging.heard().is_empty());
        job.abort();
    })
    .await;
}

#[tokio::test]
async fn e16_what_was_not_noted_is_told_again_after_a_restart() {
    on_each(|mut world| async move {
        let shop = Receiver::start().await;
        let client = shop.application(&world).await;
        shop.answer(0);
        in_and_out(&world, &[&client]).await;
        // Ended in the middle of it: the application heard, and nobody noted that.
        let job = tokio::spawn(logouts::run(Arc::clone(&world.app)));
        shop.wait(1).await;
        job.abort();
        assert!(job.await.unwrap_err().is_cancelled());
        assert_eq!(state_of(&world).await, (1, 0, 0));
        shop.answer(204);
        world.restart().await;
        let job = tokio::spawn(logouts::run(Arc::clone(&world.app)));
        shop.wait(2).await;
        let begun = Instant::now();
        while state_of(&world).await != (0, 1, 0) {
            assert!(begun.elapsed() < Duration::from_secs(30), "never noted");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        job.abort();
        let heard: Vec<Value> = shop.heard().iter().map(|token| claims(token)).collect();
        assert_eq!(heard[0]["sid"], heard[1]["sid"]);
        assert_ne!(heard[0]["jti"], heard[1]["jti"], "one that remembers names takes the second");
    })
    .await;
}

#[tokio::test]
async fn a51_e16_retries_have_pauses_and_an_end() {
    on_each(|world| async move {
        let shop = Receiver::start().await;
        let client = shop.application(&world).await;
        shop.answer(500);
        in_and_out(&world, &[&client]).await;
        for (tries, pause) in [(1, 1), (2, 4), (3, 16)] {
            logouts::round(&world.app).await.unwrap();
            assert_eq!(shop.heard().len(), tries);
            world.pass(pause - 1);
            logouts::round(&world.app).await.unwrap();
            assert_eq!(shop.heard().len(), tries, "not before its time");
            world.pass(1);
        }
        for _ in 0..30 {
            world.pass(3600);
            logouts::round(&world.app).await.unwrap();
        }
        assert_eq!(state_of(&world).await, (0, 0, 1), "a day is enough");
        let tries = shop.heard().len();
        assert!(tries < 40, "{tries}");
        world.pass(3600);
        logouts::round(&world.app).await.unwrap();
        assert_eq!(shop.heard().len(), tries);
    })
    .await;
}

#[tokio::test]
async fn a52_a_redirect_is_not_followed_and_a_changed_address_counts_at_once() {
    on_each(|world| async move {
        let shop = Receiver::start().await;
        let client = shop.application(&world).await;
        shop.answer(302);
        in_and_out(&world, &[&client]).await;
        logouts::round(&world.app).await.unwrap();
        assert_eq!(state_of(&world).await, (1, 0, 0));
        let why = "SELECT COUNT(*) AS n FROM logout_delivery WHERE answered = 302 AND failure IS NOT NULL";
        assert_eq!(world.rows(why).await, 1);
        // An address that nobody may reach is not reached, however it came to be stored.
        for uri in
            ["http://169.254.169.254/latest", "http://10.0.0.1/", "ftp://127.0.0.1/", "http://[::ffff:10.0.0.1]/"]
        {
            world.tell_at(&client, Some(uri)).await;
            world.pass(3600);
            logouts::round(&world.app).await.unwrap();
            assert_eq!(state_of(&world).await, (1, 0, 0), "{uri}");
        }
        let other = Receiver::start().await;
        world.tell_at(&client, Some(&other.uri)).await;
        world.pass(3600);
        logouts::round(&world.app).await.unwrap();
        assert_eq!((other.heard().len(), shop.heard().len(), state_of(&world).await), (1, 1, (0, 1, 0)));
    })
    .await;
}

#[tokio::test]
async fn a51_the_end_and_what_is_told_of_it_are_one_unit_of_work() {
    on_each(|world| async move {
        let shop = Receiver::start().await;
        let client = shop.application(&world).await;
        let (browser, user) = (world.browser(), world.user("ann@example.test").await);
        let session = browser.sign_in(&world, user).await;
        browser.tokens(&world, &client).await;
        let now = world.clock.now();
        let undone: Result<(), polder_db::Error> = world
            .app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    sessions::end(tx, session, "test", now).await?;
                    Err(polder_db::Error::Other("undone".to_owned()))
                })
            })
            .await;
        assert!(undone.is_err());
        assert_eq!(state_of(&world).await, (0, 0, 0), "neither happened");
        // Withdrawn from: that application alone is told, and the session goes on.
        let application = client.id.parse().unwrap();
        let withdrawn =
            world.app.db.write(move |tx| Box::pin(async move { consents::withdraw(tx, user, application, now).await }));
        assert!(withdrawn.await.unwrap());
        logouts::round(&world.app).await.unwrap();
        assert_eq!(state_of(&world).await, (0, 1, 0));
        // Ended twice it is told once; and a session that only ran out tells nobody.
        for _ in 0..2 {
            let work =
                world.app.db.write(move |tx| Box::pin(async move { sessions::end(tx, session, "test", now).await }));
            work.await.unwrap();
        }
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM logout_delivery").await, 1, "said already, this very moment");
        let late = world.browser();
        late.sign_in(&world, user).await;
        late.tokens(&world, &client).await;
        world.pass(400 * 24 * 3600);
        let now = world.clock.now();
        let swept = world.app.db.write(move |tx| Box::pin(async move { sessions::end_expired(tx, now, 100).await }));
        swept.await.unwrap();
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM session WHERE ended_reason = 'expired'").await, 1);
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM logout_delivery").await, 1);
    })
    .await;
}

//! Applications whose keys are at an address of theirs (`jwks_uri`), on servers that answer right or wrong.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::client::{Choice, machine, web, with_key};
use crate::support::world::on_each;
use crate::support::{Answer, Client, Signer, World};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

/// An application's server: what it answers, and how often it was asked.
#[derive(Clone)]
struct Server {
    uri: String,
    answers: Arc<Mutex<(u16, String)>>,
    asked: Arc<Mutex<usize>>,
}

impl Server {
    async fn start(jwks: &Value) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let uri = format!("http://127.0.0.1:{}/jwks", listener.local_addr().unwrap().port());
        let answers = Arc::new(Mutex::new((200, jwks.to_string())));
        let this = Self { uri, answers, asked: Arc::default() };
        let router = Router::new().route("/jwks", get(answer)).with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        this
    }

    fn answer(&self, status: u16, body: impl Into<String>) {
        *self.answers.lock().unwrap() = (status, body.into());
    }

    fn asked(&self) -> usize {
        *self.asked.lock().unwrap()
    }

    async fn application(&self, world: &World, choice: Choice, signer: &Signer) -> Client {
        let mut choice = with_key(choice, signer);
        choice.preferences.jwks_uri = Some(self.uri.clone());
        // Nothing is registered but where they are.
        choice.signer = None;
        Client { signer: Some(signer.clone()), ..world.application(choice).await }
    }
}

async fn answer(State(this): State<Server>) -> axum::response::Response {
    *this.asked.lock().unwrap() += 1;
    // Long enough for others to come meanwhile.
    tokio::time::sleep(Duration::from_millis(50)).await;
    let (status, body) = this.answers.lock().unwrap().clone();
    (StatusCode::from_u16(status).unwrap(), [("location", "/elsewhere")], body).into_response()
}

async fn proves(world: &World, client: &Client, signer: &Signer) -> Answer {
    Client { signer: Some(signer.clone()), ..client.clone() }.post(world, "/token", &[GRANT]).await
}

#[tokio::test]
async fn a35_keys_are_read_where_the_application_says_and_again_when_one_is_new() {
    on_each(|world| async move {
        let (old, new) = (Signer::new(), Signer::new());
        let server = Server::start(&old.jwks()).await;
        let client = server.application(&world, machine(), &old).await;
        for _ in 0..5 {
            assert_eq!(proves(&world, &client, &old).await.status, 200);
        }
        assert_eq!(server.asked(), 1, "it is kept");
        // Within the minute nobody has us ask again.
        let both = json!({ "keys": [old.jwk(), new.jwk(), { "kty": "EC", "crv": "P-521", "x": "AA", "y": "AA" }] });
        server.answer(200, both.to_string());
        for _ in 0..5 {
            proves(&world, &client, &new).await.refused(401, "invalid_client");
        }
        assert_eq!(server.asked(), 1);
        world.pass(61);
        assert_eq!(proves(&world, &client, &new).await.status, 200, "its key was rotated");
        assert_eq!(server.asked(), 2);
        assert_eq!(proves(&world, &client, &old).await.status, 200);
        // What is no key any more is none within the hour.
        server.answer(200, new.jwks().to_string());
        world.pass(3600);
        proves(&world, &client, &old).await.refused(401, "invalid_client");
        assert_eq!(proves(&world, &client, &new).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a35_f13_without_keys_nobody_is_believed_and_the_next_try_waits() {
    on_each(|world| async move {
        let signer = Signer::new();
        let mut private = signer.jwks();
        private["keys"][0]["d"] = json!("AAAA");
        let jwks = signer.jwks().to_string();
        for (status, body) in [
            (500, jwks.clone()),
            (302, jwks.clone()),
            (404, jwks.clone()),
            (200, "<html>".to_owned()),
            (200, r#"{"keys":[]}"#.to_owned()),
            (200, private.to_string()),
            (200, format!("{{\"keys\":[],{}", &jwks[1..])),
            (200, format!("{jwks}{}", " ".repeat(70_000))),
        ] {
            let server = Server::start(&json!({})).await;
            server.answer(status, body.clone());
            let client = server.application(&world, machine(), &signer).await;
            for _ in 0..3 {
                proves(&world, &client, &signer).await.refused(401, "invalid_client");
            }
            assert_eq!(server.asked(), 1, "{status} {}", &body[..10.min(body.len())]);
            server.answer(200, jwks.clone());
            world.pass(6);
            assert_eq!(proves(&world, &client, &signer).await.status, 200);
        }
        // Each failure doubles the pause.
        let server = Server::start(&json!({})).await;
        server.answer(503, "");
        let client = server.application(&world, machine(), &signer).await;
        for (wait, asked) in [(0, 1), (6, 2), (6, 2), (5, 3), (15, 3), (6, 4)] {
            world.pass(wait);
            proves(&world, &client, &signer).await.refused(401, "invalid_client");
            assert_eq!(server.asked(), asked);
        }
        // What was read will do for a while where the server does not answer.
        let server = Server::start(&signer.jwks()).await;
        let client = server.application(&world, machine(), &signer).await;
        assert_eq!(proves(&world, &client, &signer).await.status, 200);
        server.answer(503, "");
        world.pass(3601);
        assert_eq!(proves(&world, &client, &signer).await.status, 200);
        world.pass(24 * 3600);
        proves(&world, &client, &signer).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a35_f13_keys_that_were_taken_back_are_good_no_more() {
    on_each(|world| async move {
        for taken_back in [(200, r#"{"keys":[]}"#), (404, ""), (410, ""), (403, "{}"), (200, "null")] {
            let signer = Signer::new();
            let server = Server::start(&signer.jwks()).await;
            let client = server.application(&world, machine(), &signer).await;
            assert_eq!(proves(&world, &client, &signer).await.status, 200);
            server.answer(taken_back.0, taken_back.1);
            world.pass(2 * 3600);
            proves(&world, &client, &signer).await.refused(401, "invalid_client");
        }
    })
    .await;
}

#[tokio::test]
async fn a35_who_hangs_up_does_not_make_it_be_read_anew() {
    on_each(|world| async move {
        let signer = Signer::new();
        let server = Server::start(&signer.jwks()).await;
        let client = server.application(&world, machine(), &signer).await;
        for _ in 0..5 {
            let impatient = tokio::time::timeout(Duration::from_millis(1), proves(&world, &client, &signer));
            assert!(impatient.await.is_err(), "the server takes longer");
        }
        assert_eq!(proves(&world, &client, &signer).await.status, 200);
        assert_eq!(server.asked(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a35_however_many_come_one_asks_and_nobody_else_answers_for_it() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let server = Server::start(&signer.jwks()).await;
        let client = server.application(&world, machine(), &signer).await;
        let elsewhere = Server::start(&other.jwks()).await;
        let neighbour = elsewhere.application(&world, machine(), &other).await;
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                let (world, client, signer) = (Arc::clone(&world), client.clone(), signer.clone());
                tokio::spawn(async move { proves(&world, &client, &signer).await.status })
            })
            .collect();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 200);
        }
        assert_eq!(server.asked(), 1);
        assert_eq!(proves(&world, &neighbour, &other).await.status, 200);
        world.pass(61);
        proves(&world, &neighbour, &signer).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn a35_b57_request_objects_are_signed_with_published_keys_and_the_chosen_algorithm() {
    on_each(|world| async move {
        let signer = Signer::new();
        let server = Server::start(&signer.jwks()).await;
        let client = server.application(&world, web(), &signer).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let request = |client: &Client, signer: &Signer| {
            let parameters = json!({
                "response_type": "code", "redirect_uri": client.redirect_uri, "scope": "openid", "state": "st-1",
                "code_challenge": crate::support::client::CHALLENGE, "code_challenge_method": "S256",
            });
            client.authorize(&[("request", &signer.request_object(&world, &client.id, &parameters))])
        };
        assert!(browser.get(&world, &request(&client, &signer)).await.parameter("code").is_some());
        let stranger = browser.get(&world, &request(&client, &Signer::new())).await;
        stranger.redirected_error("invalid_request_object");
        // One algorithm, where one was chosen.
        let mut choice = web();
        choice.preferences.request_object_signing_alg = Some("PS256".to_owned());
        choice.preferences.token_endpoint_auth_signing_alg = Some("PS256".to_owned());
        let strict = server.application(&world, choice, &signer).await;
        browser.get(&world, &request(&strict, &signer)).await.redirected_error("invalid_request_object");
        strict.introspect(&world, "x").await.refused(401, "invalid_client");
        let ps256 = Signer::of("PS256");
        let server = Server::start(&ps256.jwks()).await;
        let mut choice = web();
        choice.preferences.request_object_signing_alg = Some("PS256".to_owned());
        choice.preferences.token_endpoint_auth_signing_alg = Some("PS256".to_owned());
        let strict = server.application(&world, choice, &ps256).await;
        assert!(browser.get(&world, &request(&strict, &ps256)).await.parameter("code").is_some());
        assert_eq!(strict.introspect(&world, "x").await.status, 200);
    })
    .await;
}

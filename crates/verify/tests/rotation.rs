//! Keys as they are found, kept, rotated and missed, with an issuer that a test moves.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use polder_crypto::{Algorithm, Jwks, SigningKey};
use polder_kernel::{Clock, Entropy, Timestamp};
use polder_verify::{Guard, Presented, Problem, Provider, Token};
use serde_json::{Value, json};

const API: &str = "https://api.example";

/// An issuer on this machine.
struct Issuer {
    url: String,
    clock: Clock,
    key: Mutex<SigningKey>,
    jwks: Mutex<Value>,
    asked: AtomicUsize,
    down: AtomicBool,
    lies: AtomicBool,
}

impl Issuer {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://acme.localhost:{}", listener.local_addr().unwrap().port());
        let issuer = Arc::new(Self {
            url,
            clock: Clock::manual(Timestamp::from_seconds(1_795_248_000)),
            key: Mutex::new(fresh()),
            jwks: Mutex::default(),
            asked: AtomicUsize::new(0),
            down: AtomicBool::new(false),
            lies: AtomicBool::new(false),
        });
        issuer.publish();
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks.json", get(jwks))
            .route("/introspect", post(introspect))
            .with_state(Arc::clone(&issuer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        issuer
    }

    /// Publishes the key it signs with, and no other; beside it one of a kind that nobody knows yet.
    fn publish(&self) {
        let key = self.key.lock().unwrap();
        let mut jwks = serde_json::to_value(Jwks { keys: vec![key.public_jwk().clone()] }).unwrap();
        jwks["keys"].as_array_mut().unwrap().push(json!({ "kty": "AKP", "alg": "ML-DSA-44", "kid": "x", "pub": "AA" }));
        *self.jwks.lock().unwrap() = jwks;
    }

    fn rotate(&self) {
        *self.key.lock().unwrap() = fresh();
        self.publish();
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn sign(&self, typ: &str, change: impl FnOnce(&mut Value)) -> String {
        let now = self.clock.now().seconds();
        let mut claims = json!({ "iss": self.url, "aud": API, "sub": "ann", "client_id": "shop", "iat": now,
            "exp": now + 300, "jti": "j", "scope": "orders:read" });
        change(&mut claims);
        self.key.lock().unwrap().sign_jwt(typ, &claims).unwrap()
    }

    fn token(&self) -> String {
        self.sign("at+jwt", |_| ())
    }

    fn guard(&self) -> Guard {
        Guard::with_clock(&self.url, API, self.clock.clone()).unwrap()
    }
}

fn fresh() -> SigningKey {
    SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap().0
}

async fn discovery(State(issuer): State<Arc<Issuer>>) -> Response {
    issuer.asked.fetch_add(1, Ordering::SeqCst);
    if issuer.down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let url = &issuer.url;
    let said = if issuer.lies.load(Ordering::SeqCst) { "https://other.example" } else { url };
    Json(json!({ "issuer": said, "jwks_uri": format!("{url}/jwks.json"),
        "introspection_endpoint": format!("{url}/introspect") }))
    .into_response()
}

async fn jwks(State(issuer): State<Arc<Issuer>>) -> Json<Value> {
    Json(issuer.jwks.lock().unwrap().clone())
}

async fn introspect(State(issuer): State<Arc<Issuer>>, headers: HeaderMap, body: String) -> Response {
    // `shop api:s e` by RFC 6749, 2.3.1.
    if headers.get("authorization").map(HeaderValue::as_bytes) != Some(b"Basic c2hvcCthcGk6cyUzQWU=") {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    let active = body.starts_with("token=opaque-and-good&");
    let now = issuer.clock.now().seconds();
    Json(json!({ "active": active, "sub": "ann", "client_id": "shop", "aud": API, "exp": now + 60, "scope": "a" }))
        .into_response()
}

async fn check(guard: &Guard, authorization: &str) -> Result<Token, Problem> {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", HeaderValue::from_str(authorization).unwrap());
    let presented = Presented { method: &Method::GET, path: "/orders", headers: &headers };
    guard.check(presented).await.map_err(|refused| refused.problem().clone())
}

async fn bearer(guard: &Guard, token: &str) -> Result<Token, Problem> {
    check(guard, &format!("Bearer {token}")).await
}

fn unverified() -> Problem {
    Problem::InvalidToken("it does not verify")
}

#[tokio::test]
async fn a06_keys_are_asked_for_once_and_followed_as_they_rotate() {
    let issuer = Issuer::start().await;
    let guard = issuer.guard();
    let token = issuer.token();
    let all = (0..20).map(|_| bearer(&guard, &token));
    for answer in futures_util::future::join_all(all).await {
        assert_eq!(answer.unwrap().person(), Some("ann"));
    }
    assert_eq!(issuer.asked(), 1, "twenty at once ask once");
    issuer.clock.advance(Duration::from_secs(20));
    issuer.rotate();
    let newer = issuer.token();
    assert!(bearer(&guard, &newer).await.is_ok(), "an unknown key is looked for");
    assert_eq!(bearer(&guard, &token).await.unwrap_err(), unverified(), "the old one is gone");
    assert_eq!(issuer.asked(), 2);
    // Anybody can name a key: that asks for nothing more, until a while later.
    for _ in 0..50 {
        assert_eq!(bearer(&guard, &token).await.unwrap_err(), unverified());
    }
    assert_eq!(issuer.asked(), 2);
    issuer.clock.advance(Duration::from_secs(10));
    assert_eq!(bearer(&guard, &token).await.unwrap_err(), unverified());
    assert_eq!(issuer.asked(), 3);
}

#[tokio::test]
async fn a06_a_key_that_was_dropped_is_believed_no_longer_than_five_minutes() {
    let issuer = Issuer::start().await;
    let guard = issuer.guard();
    let stolen = issuer.sign("at+jwt", |claims| claims["exp"] = json!(9_999_999_999_i64));
    assert!(bearer(&guard, &stolen).await.is_ok());
    issuer.rotate();
    issuer.clock.advance(Duration::from_secs(299));
    assert!(bearer(&guard, &stolen).await.is_ok());
    issuer.clock.advance(Duration::from_secs(1));
    assert_eq!(bearer(&guard, &stolen).await.unwrap_err(), unverified());
}

#[tokio::test]
async fn keys_outlive_an_issuer_that_is_away_for_a_while() {
    let issuer = Issuer::start().await;
    let guard = issuer.guard();
    issuer.down.store(true, Ordering::SeqCst);
    assert!(matches!(bearer(&guard, &issuer.token()).await, Err(Problem::Unavailable(_))));
    for _ in 0..20 {
        assert!(matches!(bearer(&guard, &issuer.token()).await, Err(Problem::Unavailable(_))));
    }
    assert_eq!(issuer.asked(), 1, "it is left in peace");
    issuer.down.store(false, Ordering::SeqCst);
    issuer.clock.advance(Duration::from_secs(1));
    assert!(bearer(&guard, &issuer.token()).await.is_ok());
    issuer.down.store(true, Ordering::SeqCst);
    issuer.clock.advance(Duration::from_secs(3599));
    assert!(bearer(&guard, &issuer.token()).await.is_ok());
    issuer.clock.advance(Duration::from_secs(1));
    assert!(matches!(bearer(&guard, &issuer.token()).await, Err(Problem::Unavailable(_))), "an hour is enough");
}

#[tokio::test]
async fn b78_only_access_tokens_of_the_issuer_for_this_api() {
    let issuer = Issuer::start().await;
    let (guard, other) = (issuer.guard(), Issuer::start().await);
    assert!(bearer(&guard, &issuer.sign("application/at+jwt", |_| ())).await.is_ok());
    for typ in ["JWT", "logout+jwt", "AT+JWT", ""] {
        let refused = bearer(&guard, &issuer.sign(typ, |_| ())).await.unwrap_err();
        assert_eq!(refused, Problem::InvalidToken("it is no access token"), "{typ}");
    }
    assert_eq!(bearer(&guard, &other.token()).await.unwrap_err(), unverified());
    let changes: [(&str, Value); 3] =
        [("aud", json!("https://other.example")), ("iss", json!("https://other.example")), ("exp", json!(1))];
    for (name, value) in changes {
        let token = issuer.sign("at+jwt", |claims| claims[name] = value.clone());
        assert!(matches!(bearer(&guard, &token).await, Err(Problem::InvalidToken(_))), "{name}");
    }
    let bound = issuer.sign("at+jwt", |claims| claims["cnf"] = json!({ "jkt": "k" }));
    assert_eq!(bearer(&guard, &bound).await.unwrap_err(), Problem::InvalidToken("it is bound to a key"), "b66");
    let under_dpop = check(&guard, &format!("DPoP {}", issuer.token())).await.unwrap_err();
    assert_eq!(under_dpop, Problem::InvalidToken("it is bound to no key"));
    let guard = guard.reached_at(API).unwrap();
    let without = check(&guard, &format!("DPoP {bound}")).await.unwrap_err();
    assert_eq!(without, Problem::InvalidProof("there must be one proof"));
}

#[tokio::test]
async fn b75_what_says_nothing_by_itself_is_asked_about() {
    let issuer = Issuer::start().await;
    let guard = issuer.guard();
    let refused = bearer(&guard, "opaque-and-good").await.unwrap_err();
    assert_eq!(refused, Problem::InvalidToken("it says nothing by itself"));
    let asking = guard.introspecting("shop api", "s:e");
    assert!(bearer(&asking, "opaque-and-good").await.unwrap().has_scope("a"));
    let refused = bearer(&asking, "opaque-and-bad").await.unwrap_err();
    assert_eq!(refused, Problem::InvalidToken("the issuer says that it is not active"));
    assert!(bearer(&asking, &issuer.token()).await.is_ok(), "a JWT says it by itself");
    let always = asking.asking_always();
    let refused = bearer(&always, &issuer.token()).await.unwrap_err();
    assert_eq!(refused, Problem::InvalidToken("the issuer says that it is not active"), "revoked is seen at once");
    let stranger = issuer.guard().introspecting("shop api", "wrong");
    assert!(matches!(bearer(&stranger, "opaque-and-good").await, Err(Problem::Unavailable(_))));
}

#[tokio::test]
async fn a01_an_issuer_is_believed_about_itself_alone() {
    let issuer = Issuer::start().await;
    issuer.lies.store(true, Ordering::SeqCst);
    assert!(matches!(bearer(&issuer.guard(), &issuer.token()).await, Err(Problem::Unavailable(_))));
    for wrong in ["http://acme.example", "acme.example", "ftp://acme.example", ""] {
        assert!(Guard::new(wrong, API).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a50_a_logout_token_is_taken_from_the_issuer_alone() {
    let issuer = Issuer::start().await;
    let provider = Provider::with_clock(&issuer.url, issuer.clock.clone()).unwrap();
    let logout = |claims: &mut Value| {
        claims["aud"] = json!("shop");
        claims["sid"] = json!("s");
        claims["events"] = json!({ "http://schemas.openid.net/event/backchannel-logout": {} });
    };
    let good = issuer.sign("logout+jwt", logout);
    assert_eq!(provider.logout_token(&good, "shop").await.unwrap().sid.as_deref(), Some("s"));
    assert!(provider.logout_token(&good, "other").await.is_err());
    assert!(provider.logout_token(&issuer.sign("JWT", logout), "shop").await.is_err(), "an ID token is none");
    assert!(provider.logout_token(&Issuer::start().await.sign("logout+jwt", logout), "shop").await.is_err());
    assert!(provider.logout_token("x.y.z", "shop").await.is_err());
}

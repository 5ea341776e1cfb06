//! A provider on this machine that says whatever a test tells it to.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use polder_crypto::{Algorithm, SigningKey, sha256};
use polder_kernel::Entropy;
use polder_kernel::encoding::base64url;
use serde_json::{Value, json};

/// What signs ID tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// The key that is published.
    Own,
    /// A key that is not, under the name of the one that is.
    Stranger,
    /// A key that will be published when the documents are read again.
    Next,
    /// Nothing: `alg` is `none`.
    Nobody,
    /// HMAC with the client secret.
    HmacSecret,
    /// HMAC with the public key, as published.
    HmacPublicKey,
}

/// What the provider does.
pub struct Mood {
    /// The claims of the next ID token.
    pub claims: Value,
    pub signer: Signer,
    pub userinfo: Value,
    /// What is changed of the discovery document; null takes a member away.
    pub discovery: Value,
    /// What is changed of the token endpoint's answer.
    pub token: Value,
    /// The challenge that the next code was given for.
    pub challenge: String,
    /// Keys that are published.
    pub published: Vec<Value>,
    /// Where a request goes wrong, and how.
    pub trouble: Option<(&'static str, Trouble)>,
    /// What was asked, in order.
    pub heard: Vec<String>,
    /// The body of the last token request.
    pub redeemed: String,
    /// The bodies of requests that took tokens back.
    pub revoked: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    Slow,
    Huge,
    Redirects,
    Fails,
    NotJson,
}

/// A provider.
#[derive(Clone)]
pub struct Upstream {
    pub issuer: String,
    pub mood: Arc<Mutex<Mood>>,
    keys: Arc<[SigningKey; 2]>,
}

pub const CLIENT_ID: &str = "polder-at-upstream";
pub const CLIENT_SECRET: &str = "a-secret-at-upstream";

impl Upstream {
    /// A provider that behaves.
    pub async fn start(seed: u64) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let key = |seed| SigningKey::generate(Algorithm::Es256, &Entropy::seeded(seed)).unwrap().0;
        let keys = [key(seed), key(seed + 1000)];
        let mood = Mood {
            claims: json!({}),
            signer: Signer::Own,
            userinfo: json!({}),
            discovery: json!({}),
            token: json!({}),
            challenge: String::new(),
            published: vec![serde_json::to_value(keys[0].public_jwk()).unwrap()],
            trouble: None,
            heard: Vec::new(),
            redeemed: String::new(),
            revoked: Vec::new(),
        };
        let this = Self { issuer, mood: Arc::new(Mutex::new(mood)), keys: Arc::new(keys) };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/userinfo/emails", get(|| async { Json(json!([])) }))
            .route("/revoke", post(revoke))
            .with_state(this.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        this
    }

    /// Changes what it does.
    pub fn set(&self, change: impl FnOnce(&mut Mood)) {
        change(&mut self.mood.lock().unwrap());
    }

    /// How often a path was asked for.
    pub fn heard(&self, path: &str) -> usize {
        self.mood.lock().unwrap().heard.iter().filter(|heard| *heard == path).count()
    }

    /// The key that will sign next, as it is published.
    pub fn next_key(&self) -> Value {
        serde_json::to_value(self.keys[1].public_jwk()).unwrap()
    }

    fn sign(&self, claims: &Value, mood: &Mood) -> String {
        let by_hand = |alg: &str| {
            let header = json!({ "alg": alg, "typ": "JWT", "kid": self.keys[0].kid() });
            format!("{}.{}", base64url(header.to_string().as_bytes()), base64url(claims.to_string().as_bytes()))
        };
        let hmac = |secret: &[u8]| {
            let message = by_hand("HS256");
            let key = jsonwebtoken::EncodingKey::from_secret(secret);
            let signature =
                jsonwebtoken::crypto::sign(message.as_bytes(), &key, jsonwebtoken::Algorithm::HS256).unwrap();
            format!("{message}.{signature}")
        };
        match mood.signer {
            Signer::Own => self.keys[0].sign_jwt("JWT", claims).unwrap(),
            Signer::Next => self.keys[1].sign_jwt("JWT", claims).unwrap(),
            Signer::Stranger => {
                let (key, _) = SigningKey::generate(Algorithm::Es256, &Entropy::System).unwrap();
                key.called(self.keys[0].kid()).sign_jwt("JWT", claims).unwrap()
            }
            Signer::Nobody => format!("{}.", by_hand("none")),
            Signer::HmacSecret => hmac(CLIENT_SECRET.as_bytes()),
            Signer::HmacPublicKey => hmac(mood.published[0].to_string().as_bytes()),
        }
    }

    /// Notes the request; gives the answer of a provider in trouble.
    async fn hear(&self, path: &'static str) -> Option<Response> {
        let trouble = {
            let mut mood = self.mood.lock().unwrap();
            mood.heard.push(path.to_owned());
            mood.trouble.filter(|(where_, _)| *where_ == path).map(|(_, trouble)| trouble)
        };
        Some(match trouble? {
            Trouble::Slow => {
                tokio::time::sleep(Duration::from_secs(120)).await;
                StatusCode::OK.into_response()
            }
            Trouble::Huge => Json(json!({ "filler": "x".repeat(3 * 1024 * 1024) })).into_response(),
            Trouble::Redirects => Redirect::temporary("/elsewhere").into_response(),
            Trouble::Fails => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
            Trouble::NotJson => "<html>".into_response(),
        })
    }
}

fn changed(mut base: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(base.as_object_mut().unwrap().remove(name)),
            value => base[name] = value.clone(),
        }
    }
    base
}

async fn discovery(State(this): State<Upstream>) -> Response {
    if let Some(trouble) = this.hear("/discovery").await {
        return trouble;
    }
    let at = |path: &str| format!("{}{path}", this.issuer);
    let base = json!({
        "issuer": this.issuer, "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"), "jwks_uri": at("/jwks"), "revocation_endpoint": at("/revoke"),
        "response_types_supported": ["code"], "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
        "authorization_response_iss_parameter_supported": true,
    });
    Json(changed(base, &this.mood.lock().unwrap().discovery)).into_response()
}

async fn jwks(State(this): State<Upstream>) -> Response {
    if let Some(trouble) = this.hear("/jwks").await {
        return trouble;
    }
    Json(json!({ "keys": this.mood.lock().unwrap().published })).into_response()
}

async fn token(State(this): State<Upstream>, headers: HeaderMap, body: String) -> Response {
    if let Some(trouble) = this.hear("/token").await {
        return trouble;
    }
    let fields: Vec<(String, String)> = serde_urlencoded::from_str(&body).unwrap();
    let field = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let mut mood = this.mood.lock().unwrap();
    mood.redeemed = body;
    let refuse = |error: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response();
    if !headers.contains_key("authorization") && field("client_secret") != CLIENT_SECRET {
        return refuse("invalid_client");
    }
    if field("grant_type") == "authorization_code"
        && base64url(&sha256(field("code_verifier").as_bytes())) != mood.challenge
    {
        return refuse("invalid_grant");
    }
    let id_token = this.sign(&mood.claims, &mood);
    let base = json!({ "access_token": "at-1", "token_type": "Bearer", "expires_in": 300, "refresh_token": "rt-1", "id_token": id_token });
    Json(changed(base, &mood.token)).into_response()
}

async fn userinfo(State(this): State<Upstream>, headers: HeaderMap) -> Response {
    if let Some(trouble) = this.hear("/userinfo").await {
        return trouble;
    }
    assert_eq!(headers["authorization"], "Bearer at-1");
    Json(this.mood.lock().unwrap().userinfo.clone()).into_response()
}

async fn revoke(State(this): State<Upstream>, headers: HeaderMap, body: String) -> Response {
    assert!(headers.contains_key("authorization"), "{body}");
    this.set(|mood| mood.revoked.push(body));
    this.hear("/revoke").await.unwrap_or_else(|| StatusCode::OK.into_response())
}

//! `POST /register`: programs register themselves (RFC 7591).

use std::time::Duration;

use http::{HeaderName, Method, header};
use polder_protocol::AuthMethod;
use polder_tenant_api::{RegistrationTokenId, SettingsChanges};
use polder_tenant_runtime::error::Internal;
use polder_tenant_runtime::oidc::register::INITIAL_TOKEN;
use polder_tenant_runtime::store::registrations::{self, StoredToken};
use polder_tenant_runtime::store::settings;
use serde_json::{Value, json};

use crate::support::client::REDIRECT;
use crate::support::world::{on_each, request};
use crate::support::{Answer, Client, ISSUER, Signer, World};

/// Changes the tenant's settings.
pub async fn choose(world: &World, changes: SettingsChanges) {
    let now = world.clock.now();
    let work = world.app.db.write(move |tx| {
        Box::pin(async move {
            for (name, value) in settings::written(&changes) {
                settings::put(tx, name, &value, now).await?;
            }
            Ok::<_, Internal>(())
        })
    });
    work.await.unwrap();
    world.app.tenant.refresh(&world.app.db).await.unwrap();
}

/// Lets programs register themselves.
pub async fn open(world: &World) {
    choose(world, SettingsChanges { registration: Some(true), ..SettingsChanges::default() }).await;
}

/// A token for so many applications, good for an hour.
pub async fn token(world: &World, uses: u32, scopes: &[&str]) -> String {
    let (text, now) = (world.app.entropy.token(), world.clock.now());
    let hash = world.app.keyring.index(INITIAL_TOKEN, text.expose().as_bytes());
    let stored = StoredToken {
        id: RegistrationTokenId::new(&world.app.clock, &world.app.entropy),
        name: "Partners".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        uses,
        uses_left: uses,
        created_at: now,
        expires_at: now + Duration::from_secs(3600),
    };
    let work = world.app.db.write(move |tx| Box::pin(async move { registrations::add(tx, &stored, &hash, 100).await }));
    assert!(work.await.unwrap());
    text.expose().clone()
}

/// Sends this with this token.
pub async fn call(world: &World, method: Method, target: &str, token: &str, body: &str) -> Answer {
    let bearer = format!("Bearer {token}");
    let headers = [(header::AUTHORIZATION, bearer.as_str()), (header::CONTENT_TYPE, "application/json")];
    world.send(request(method, target, &headers, body.to_owned())).await
}

/// Registers what `metadata` says.
pub async fn register(world: &World, token: &str, metadata: &Value) -> Answer {
    call(world, Method::POST, "/register", token, &metadata.to_string()).await
}

/// The least that is registered, with changes.
pub fn web(changes: &Value) -> Value {
    let mut metadata = json!({ "redirect_uris": [REDIRECT] });
    for (name, value) in changes.as_object().unwrap() {
        metadata[name] = value.clone();
    }
    metadata
}

/// What was registered, as its developer uses it.
pub fn client(answer: &Answer, signer: Option<Signer>) -> Client {
    let told = answer.json();
    let method = told["token_endpoint_auth_method"].as_str().unwrap();
    Client {
        id: answer.member("client_id"),
        secret: told["client_secret"].as_str().map(str::to_owned),
        method: AuthMethod::ALL.into_iter().find(|known| known.as_str() == method).unwrap(),
        redirect_uri: told["redirect_uris"][0].as_str().unwrap_or_default().to_owned(),
        signer,
    }
}

async fn audited(world: &World) -> i64 {
    world.rows("SELECT COUNT(*) AS n FROM audit_event WHERE action = 'application.registered'").await
}

#[tokio::test]
async fn b88_nobody_registers_anything_unless_the_tenant_says_so() {
    on_each(|world| async move {
        let token = token(&world, 5, &[]).await;
        let document = async || world.get("/.well-known/openid-configuration", &[]).await;
        let closed = document().await;
        assert_eq!(closed.json().get("registration_endpoint"), None);
        register(&world, &token, &web(&json!({}))).await.refused(404, "invalid_request");
        open(&world).await;
        assert_eq!(document().await.json()["registration_endpoint"], format!("{ISSUER}/register"));
        assert_ne!(document().await.header("etag"), closed.header("etag"));
        let made = register(&world, &token, &web(&json!({}))).await;
        assert_eq!(made.status, 201, "{}", made.text());
        choose(&world, SettingsChanges { registration: Some(false), ..SettingsChanges::default() }).await;
        assert_eq!(document().await.json(), closed.json());
        for (method, target) in [
            (Method::POST, "/register".to_owned()),
            (Method::GET, format!("/register/{}", made.member("client_id"))),
            (Method::DELETE, format!("/register/{}", made.member("client_id"))),
        ] {
            let token = if method == Method::POST { &token } else { &made.member("registration_access_token") };
            call(&world, method, &target, token, "{}").await.refused(404, "invalid_request");
        }
    })
    .await;
}

#[tokio::test]
async fn b88_what_was_registered_is_told_once_and_works() {
    on_each(|world| async move {
        open(&world).await;
        let token = token(&world, 5, &["orders:read"]).await;
        let machine =
            json!({ "grant_types": ["client_credentials"], "scope": "orders:read", "client_name": "Nightly" });
        let made = register(&world, &token, &machine).await;
        assert_eq!((made.status, made.header("cache-control")), (201, Some("no-store")), "{}", made.text());
        assert_eq!(made.header("content-type"), Some("application/json"));
        let told = made.json();
        let (id, secret) = (made.member("client_id"), made.member("client_secret"));
        assert_eq!((secret.len(), &told["client_secret_expires_at"]), (43, &json!(0)));
        assert_eq!(told["client_id_issued_at"], world.clock.now().seconds());
        assert_eq!(told["registration_client_uri"], format!("{ISSUER}/register/{id}"));
        assert_eq!((&told["scope"], &told["response_types"]), (&json!("orders:read"), &json!([])));
        let form = [("grant_type", "client_credentials")];
        let tokens = client(&made, None).post(&world, "/token", &form).await;
        assert_eq!((tokens.status, tokens.member("scope")), (200, "orders:read".to_owned()), "{}", tokens.text());
        // Nothing of it is stored as it is.
        let stored = world.app.applications.find(&id).unwrap();
        assert_eq!(stored.registered_with.as_deref(), Some("Partners"));
        let known = "SELECT COUNT(*) AS n FROM application_secret WHERE length(hash) <> 43";
        assert!(stored.secrets[0].hash != secret && world.rows(known).await == 0);
        assert_eq!(audited(&world).await, 1);
        // Who needs no secret gets none.
        for (metadata, method) in [
            (json!({ "token_endpoint_auth_method": "none" }), "none"),
            (json!({ "application_type": "native", "redirect_uris": ["com.example.app:/cb"] }), "none"),
            (
                json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": Signer::new().jwks() }),
                "private_key_jwt",
            ),
        ] {
            let made = register(&world, &token, &web(&metadata)).await;
            assert_eq!(made.status, 201, "{}", made.text());
            let told = made.json();
            assert_eq!((&told["token_endpoint_auth_method"], told.get("client_secret")), (&json!(method), None));
            assert_eq!(told.get("client_secret_expires_at"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn b88_people_are_asked_before_a_stranger_learns_anything() {
    on_each(|world| async move {
        open(&world).await;
        let token = token(&world, 1, &[]).await;
        let made = register(&world, &token, &web(&json!({ "client_name": "Weather of Strangers" }))).await;
        let client = client(&made, None);
        assert!(world.app.applications.find(&client.id).unwrap().third_party);
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let silent = browser.get(&world, &client.authorize(&[("scope", "openid"), ("prompt", "none")])).await;
        silent.redirected_error("consent_required");
        let next = browser.get(&world, &client.authorize(&[("scope", "openid")])).await.location();
        let page = browser.get(&world, &format!("{}?{}", next.path(), next.query().unwrap())).await;
        assert!(page.text().contains("Weather of Strangers"), "{}", page.text());
    })
    .await;
}

#[tokio::test]
async fn b88_only_a_token_that_is_good_registers_anything() {
    on_each(|world| async move {
        open(&world).await;
        let (good, metadata) = (token(&world, 1, &[]).await, web(&json!({})));
        let bare = world.send(request(Method::POST, "/register", &[], metadata.to_string())).await;
        assert_eq!((bare.status, bare.body.len()), (401, 0));
        assert_eq!(bare.header("www-authenticate"), Some(format!("Bearer realm=\"{ISSUER}\"").as_str()));
        for wrong in ["x", "", &good[1..], &format!("{good}x"), "e30.e30.e30"] {
            let refused = register(&world, wrong, &metadata).await;
            if !wrong.is_empty() {
                refused.refused(401, "invalid_token");
                assert!(refused.header("www-authenticate").unwrap().contains("error=\"invalid_token\""));
            }
            assert_eq!(refused.status, 401);
        }
        let headers =
            [(header::AUTHORIZATION, format!("DPoP {good}")), (header::CONTENT_TYPE, "application/json".into())];
        let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        let other = world.send(request(Method::POST, "/register", &headers, metadata.to_string())).await;
        other.refused(401, "invalid_token");
        let target = format!("/register?access_token={good}");
        call(&world, Method::POST, &target, &good, &metadata.to_string()).await.refused(400, "invalid_request");
        // What is wrong with the metadata is told to who may register, and uses nothing up.
        register(&world, "x", &json!({})).await.refused(401, "invalid_token");
        register(&world, &good, &json!({})).await.refused(400, "invalid_redirect_uri");
        assert_eq!(register(&world, &good, &metadata).await.status, 201);
        register(&world, &good, &metadata).await.refused(401, "invalid_token");
        let late = token(&world, 1, &[]).await;
        world.pass(3600);
        register(&world, &late, &metadata).await.refused(401, "invalid_token");
        assert_eq!(audited(&world).await, 1);
    })
    .await;
}

#[tokio::test]
async fn b25_g01_a_registration_token_is_good_for_nothing_else_and_nowhere_else() {
    let mut databases = polder_db::testing::databases().await.into_iter();
    let here = World::start(databases.next().unwrap()).await;
    let there = World::start(polder_db::testing::databases().await.remove(0)).await;
    for world in [&here, &there] {
        open(world).await;
    }
    let initial = token(&here, 9, &[]).await;
    let machine = json!({ "grant_types": ["client_credentials"] });
    let made = register(&here, &initial, &machine).await;
    let (id, managing) = (made.member("client_id"), made.member("registration_access_token"));
    let client = client(&made, None);
    let access = client.post(&here, "/token", &[("grant_type", "client_credentials")]).await.member("access_token");
    for token in [&initial, &managing] {
        let bearer = format!("Bearer {token}");
        let userinfo = here.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await;
        assert_eq!((userinfo.status, userinfo.json()["error"].as_str()), (401, Some("invalid_token")));
        assert_eq!(client.introspect(&here, token).await.json(), json!({ "active": false }));
        assert_eq!(client.revoke(&here, token).await.status, 200);
    }
    // Each kind for its own.
    for wrong in [&managing, &access] {
        register(&here, wrong, &machine).await.refused(401, "invalid_token");
    }
    let target = format!("/register/{id}");
    for wrong in [&initial, &access] {
        call(&here, Method::GET, &target, wrong, "").await.refused(401, "invalid_token");
    }
    // At another tenant they are nothing, and no harm is done at home.
    register(&there, &initial, &machine).await.refused(401, "invalid_token");
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        call(&there, method, &target, &managing, "{}").await.refused(401, "invalid_token");
    }
    assert_eq!(call(&here, Method::GET, &target, &managing, "").await.status, 200);
    assert_eq!(register(&here, &initial, &machine).await.status, 201);
}

#[tokio::test]
async fn b88_b89_a33_a36_a39_what_may_not_be_registered_is_refused_by_its_code() {
    on_each(|world| async move {
        open(&world).await;
        let token = token(&world, 1, &["orders:read"]).await;
        let signer = Signer::new();
        let mut private = signer.jwks();
        private["keys"][0]["d"] = json!("AAAA");
        for uri in [
            "https://app.example/cb#x",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://*.example/cb",
            "https://user@app.example/cb",
            "http://app.example/cb",
            "/cb",
        ] {
            for name in ["redirect_uris", "post_logout_redirect_uris"] {
                let answer = register(&world, &token, &web(&json!({ name: [uri] }))).await;
                answer.refused(400, "invalid_redirect_uri");
            }
        }
        for (wrong, code) in [
            (json!({ "redirect_uris": [] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": [null] }), "invalid_redirect_uri"),
            (json!({ "redirect_uris": [REDIRECT, REDIRECT] }), "invalid_redirect_uri"),
            (json!({ "grant_types": ["implicit"] }), "invalid_client_metadata"),
            (json!({ "grant_types": ["password"] }), "invalid_client_metadata"),
            (json!({ "grant_types": ["refresh_token"] }), "invalid_client_metadata"),
            (json!({ "response_types": ["id_token"] }), "invalid_client_metadata"),
            (json!({ "token_endpoint_auth_method": "private_key_jwt" }), "invalid_client_metadata"),
            (
                json!({ "application_type": "native", "token_endpoint_auth_method": "client_secret_basic" }),
                "invalid_client_metadata",
            ),
            (json!({ "jwks": private }), "invalid_client_metadata"),
            (json!({ "jwks": signer.jwks(), "jwks_uri": "https://app.example/jwks" }), "invalid_client_metadata"),
            (json!({ "jwks_uri": "http://app.example/jwks" }), "invalid_client_metadata"),
            (json!({ "policy_uri": "javascript:alert(1)" }), "invalid_client_metadata"),
            (json!({ "tos_uri": "http://app.example/terms" }), "invalid_client_metadata"),
            (json!({ "tos_uri": "data:text/html,x" }), "invalid_client_metadata"),
            (json!({ "jwks_uri": "https://10.0.0.1/jwks" }), "invalid_client_metadata"),
            (json!({ "backchannel_logout_uri": "https://metadata.google.internal/" }), "invalid_client_metadata"),
            (json!({ "initiate_login_uri": "http://app.example/begin" }), "invalid_client_metadata"),
            (json!({ "sector_identifier_uri": "https://app.example/sector" }), "invalid_client_metadata"),
            (
                json!({ "subject_type": "pairwise", "redirect_uris": ["https://a.test/cb", "https://b.test/cb"] }),
                "invalid_client_metadata",
            ),
            (json!({ "id_token_signed_response_alg": "none" }), "invalid_client_metadata"),
            (json!({ "userinfo_signed_response_alg": "HS256" }), "invalid_client_metadata"),
            (json!({ "request_object_signing_alg": "none" }), "invalid_client_metadata"),
            (json!({ "id_token_encrypted_response_alg": "RSA-OAEP" }), "invalid_client_metadata"),
            (json!({ "client_name": "x\u{202e}y" }), "invalid_client_metadata"),
            (json!({ "client_name": "x".repeat(101) }), "invalid_client_metadata"),
            (json!({ "scope": "openid admin" }), "invalid_client_metadata"),
            (json!({ "software_statement": "e30.e30.c2ln" }), "unapproved_software_statement"),
            (json!({ "software_statement": "x" }), "invalid_software_statement"),
        ] {
            let answer = register(&world, &token, &web(&wrong)).await;
            assert_eq!(answer.json()["error"], code, "{wrong} {}", answer.text());
            answer.refused(400, code);
        }
        for body in ["null", "[]", "", "{", "7", r#"{"redirect_uris":["https://a.test/cb"],"scope":"a","scope":"b"}"#] {
            let answer = call(&world, Method::POST, "/register", &token, body).await;
            answer.refused(400, "invalid_client_metadata");
        }
        let bearer = format!("Bearer {token}");
        for kind in ["application/x-www-form-urlencoded", "text/plain", ""] {
            let headers = [(header::AUTHORIZATION, bearer.as_str()), (header::CONTENT_TYPE, kind)];
            let body = web(&json!({})).to_string();
            world.send(request(Method::POST, "/register", &headers, body)).await.refused(415, "invalid_request");
        }
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM application").await, 0);
        assert_eq!(register(&world, &token, &web(&json!({}))).await.status, 201, "none of it used the token");
    })
    .await;
}

#[tokio::test]
async fn a34_a39_everything_that_was_registered_is_told_and_nothing_that_was_not() {
    on_each(|world| async move {
        open(&world).await;
        let token = token(&world, 2, &["orders:read", "orders:write"]).await;
        let all = json!({
            "client_name": "Shop", "grant_types": ["authorization_code", "refresh_token"], "response_types": ["code"],
            "application_type": "web", "post_logout_redirect_uris": ["https://app.example/bye"],
            "token_endpoint_auth_method": "private_key_jwt", "token_endpoint_auth_signing_alg": "ES256",
            "jwks": Signer::new().jwks(), "subject_type": "pairwise", "id_token_signed_response_alg": "EdDSA",
            "userinfo_signed_response_alg": "ES256", "introspection_signed_response_alg": "ES256",
            "request_object_signing_alg": "ES256", "default_max_age": 3600, "require_auth_time": true,
            "initiate_login_uri": "https://app.example/begin", "tos_uri": "https://app.example/terms",
            "policy_uri": "https://app.example/privacy",
            "backchannel_logout_uri": "https://app.example/ended", "backchannel_logout_session_required": true,
            "require_pushed_authorization_requests": true, "dpop_bound_access_tokens": true,
        });
        let made = register(&world, &token, &web(&all)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let told = made.json();
        for (name, value) in web(&all).as_object().unwrap() {
            assert_eq!(&told[name], value, "{name}");
        }
        assert_eq!(told["scope"], "openid profile email offline_access roles");
        let application = world.app.applications.find(&made.member("client_id")).unwrap();
        assert!(application.client.must_push() && application.client.must_bind_tokens());
        // Pages of ours show none of these.
        let more = json!({
            "logo_uri": "javascript:alert(1)",
            "client_uri": "https://app.example/", "contacts": ["a@app.example"], "audience": "https://api.test",
            "apis": ["orders"], "third_party": false, "access": {}, "profile": "compat", "client_id": "mine",
            "client_secret": "mine", "scope": "orders:write openid orders:write",
        });
        let made = register(&world, &token, &web(&more)).await;
        assert_eq!(made.status, 201, "{}", made.text());
        let told = made.json();
        for name in ["logo_uri", "client_uri", "contacts", "audience", "apis", "third_party"] {
            assert_eq!(told.get(name), None, "{name}");
        }
        assert!(told["client_id"] != "mine" && told["client_secret"] != "mine");
        assert_eq!(told["client_name"], "app.example", "where it leads people");
        assert_eq!(told["scope"], "openid profile email roles orders:write");
        assert_eq!(told["grant_types"], json!(["authorization_code"]), "RFC 7591: unless more is asked for");
    })
    .await;
}

#[tokio::test]
async fn b88_no_more_applications_register_than_the_tenant_has_room_for() {
    on_each(|world| async move {
        open(&world).await;
        choose(&world, SettingsChanges { registration_limit: Some(2), ..SettingsChanges::default() }).await;
        world.application(crate::support::client::web()).await;
        let token = token(&world, 3, &[]).await;
        let first = register(&world, &token, &web(&json!({}))).await;
        assert_eq!(register(&world, &token, &web(&json!({}))).await.status, 201);
        register(&world, &token, &web(&json!({}))).await.refused(403, "access_denied");
        // Its place is free once one has gone, and the token was not used by the refusal.
        let target = format!("/register/{}", first.member("client_id"));
        let gone = call(&world, Method::DELETE, &target, &first.member("registration_access_token"), "").await;
        assert_eq!(gone.status, 204);
        assert_eq!(register(&world, &token, &web(&json!({}))).await.status, 201);
        register(&world, &token, &web(&json!({}))).await.refused(401, "invalid_token");
    })
    .await;
}

#[tokio::test]
async fn b88_who_guesses_tokens_is_slowed_down() {
    on_each(|world| async move {
        open(&world).await;
        let from = async |ip: &str, token: &str| {
            let (bearer, body) = (format!("Bearer {token}"), web(&json!({})).to_string());
            let headers = [
                (HeaderName::from_static("x-polder-client-ip"), ip),
                (header::AUTHORIZATION, bearer.as_str()),
                (header::CONTENT_TYPE, "application/json"),
            ];
            world.send(request(Method::POST, "/register", &headers, body)).await
        };
        let mut last = from("203.0.113.7", "x").await;
        for _ in 0..250 {
            last = from("203.0.113.7", "x").await;
            if last.status == 429 {
                break;
            }
        }
        last.refused(429, "temporarily_unavailable");
        let good = token(&world, 1, &[]).await;
        assert_eq!(from("203.0.113.7", &good).await.status, 429);
        assert_eq!(from("198.51.100.7", &good).await.status, 201, "the others are not");
        assert!(last.header("retry-after").is_some());
    })
    .await;
}

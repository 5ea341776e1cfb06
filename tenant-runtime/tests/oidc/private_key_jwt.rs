//! Applications that prove themselves with a key of their own.

use std::sync::Arc;

use polder_protocol::{AuthMethod, Profile};
use serde_json::{Value, json};

use crate::support::client::{Choice, basic, machine, web, with_key};
use crate::support::signer::{ASSERTION_TYPE, fresh};
use crate::support::world::on_each;
use crate::support::{Answer, Client, ISSUER, Signer, World};

const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn present(world: &World, target: &str, assertion: &str) -> Answer {
    let form = [GRANT, ("token", "x"), ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)];
    world.post(target, &[], &form).await
}

async fn held_to(world: &World, profile: Profile, signer: &Signer) -> Client {
    let mut choice: Choice = with_key(machine(), signer);
    choice.wish.profile = profile;
    world.application(choice).await
}

#[tokio::test]
async fn b70_a_signed_assertion_proves_the_application_at_every_endpoint() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = held_to(&world, Profile::Default, &signer).await;
        let token = client.post(&world, "/token", &[GRANT]).await.member("access_token");
        assert_eq!(client.introspect(&world, &token).await.json()["active"], true);
        assert_eq!(client.revoke(&world, &token).await.status, 200);
        assert_eq!(client.introspect(&world, &token).await.json()["active"], false);
        // Without a kid every registered key is tried; with its own client_id beside it, nothing changes.
        let claims = json!({ "iss": client.id, "sub": client.id, "aud": ISSUER, "jti": fresh(),
            "exp": world.clock.now().seconds() + 60 });
        let assertion = signer.sign(&json!({ "alg": "ES256" }), &claims);
        let form = [
            GRANT,
            ("client_id", client.id.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion.as_str()),
        ];
        assert_eq!(world.post("/token", &[], &form).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b70_a67_every_changed_assertion_is_refused_alike() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = held_to(&world, Profile::Default, &signer).await;
        let portal = held_to(&world, Profile::Default, &other).await;
        let now = world.clock.now().seconds();
        let mut refusals = Vec::new();
        for change in [
            json!({ "iss": portal.id }),
            json!({ "iss": null }),
            json!({ "sub": null }),
            json!({ "jti": null }),
            json!({ "exp": null }),
            json!({ "aud": "https://evil.example" }),
            json!({ "aud": null }),
            json!({ "aud": format!("{ISSUER}/token") }),
            json!({ "exp": now - 300 }),
            json!({ "exp": now + 7200 }),
            json!({ "nbf": now + 120 }),
            json!({ "iat": now + 120 }),
        ] {
            refusals.push((change.to_string(), signer.assertion(&world, &client.id, &change)));
        }
        let right = |header: Value| {
            let claims = json!({ "iss": client.id, "sub": client.id, "aud": ISSUER, "exp": now + 60, "jti": fresh() });
            signer.sign(&header, &claims)
        };
        let stranger = |header: Value| {
            let claims = json!({ "iss": client.id, "sub": client.id, "aud": ISSUER, "exp": now + 60, "jti": fresh() });
            other.sign(&header, &claims)
        };
        refusals.extend([
            ("another's key".to_owned(), other.assertion(&world, &client.id, &json!({}))),
            // A key in the header, or an address of one, is nobody's word.
            ("jwk".to_owned(), stranger(json!({ "alg": "ES256", "jwk": other.jwk() }))),
            ("jku".to_owned(), stranger(json!({ "alg": "ES256", "jku": "https://evil.example/jwks" }))),
            ("kid".to_owned(), right(json!({ "alg": "ES256", "kid": "../../etc/passwd" }))),
            ("crit".to_owned(), right(json!({ "alg": "ES256", "crit": ["exp"] }))),
            ("typ".to_owned(), right(json!({ "alg": "ES256", "typ": "oauth-authz-req+jwt" }))),
            ("proof".to_owned(), right(json!({ "alg": "ES256", "typ": "dpop+jwt" }))),
            ("none".to_owned(), right(json!({ "alg": "none" }))),
            ("HS256".to_owned(), right(json!({ "alg": "HS256" }))),
            ("not a JWT".to_owned(), "x".to_owned()),
            ("nobody's".to_owned(), signer.assertion(&world, "018f0000-0000-7000-8000-000000000000", &json!({}))),
        ]);
        let reference = present(&world, "/token", "e30.e30.x").await;
        for (what, assertion) in refusals {
            let answer = present(&world, "/token", &assertion).await;
            answer.refused(401, "invalid_client");
            assert_eq!(answer.json(), reference.json(), "{what}");
        }
        world.switch_off(&client).await;
        client.post(&world, "/token", &[GRANT]).await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b70_an_assertion_counts_once_also_across_a_restart_and_fifty_at_once() {
    on_each(|mut world| async move {
        let signer = Signer::new();
        let client = held_to(&world, Profile::Default, &signer).await;
        let assertion = signer.assertion(&world, &client.id, &json!({}));
        assert_eq!(present(&world, "/token", &assertion).await.status, 200);
        for target in ["/token", "/introspect", "/revoke", "/par"] {
            present(&world, target, &assertion).await.refused(401, "invalid_client");
        }
        world.restart().await;
        present(&world, "/token", &assertion).await.refused(401, "invalid_client");

        let assertion = signer.assertion(&world, &client.id, &json!({}));
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (world, assertion) = (Arc::clone(&world), assertion.clone());
                tokio::spawn(async move { present(&world, "/token", &assertion).await.status })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 401).count(), 49, "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn b70_what_two_applications_call_by_one_name_are_two_things() {
    on_each(|world| async move {
        let (one, two) = (Signer::new(), Signer::new());
        let first = held_to(&world, Profile::Default, &one).await;
        let second = held_to(&world, Profile::Default, &two).await;
        let named = json!({ "jti": "the-same" });
        assert_eq!(present(&world, "/token", &one.assertion(&world, &first.id, &named)).await.status, 200);
        assert_eq!(present(&world, "/token", &two.assertion(&world, &second.id, &named)).await.status, 200);
        present(&world, "/token", &one.assertion(&world, &first.id, &named)).await.refused(401, "invalid_client");
        // Nothing of a refused one is remembered.
        let rows = world.rows("SELECT COUNT(*) AS n FROM used_jti").await;
        for _ in 0..5 {
            present(&world, "/token", &two.assertion(&world, &first.id, &json!({})))
                .await
                .refused(401, "invalid_client");
        }
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM used_jti").await, rows);
        // What could not be used any more is forgotten.
        world.pass(600);
        assert_eq!(first.post(&world, "/token", &[GRANT]).await.status, 200);
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM used_jti").await, 1);
    })
    .await;
}

#[tokio::test]
async fn a38_a67_whom_an_assertion_is_for_follows_the_profile() {
    on_each(|world| async move {
        for (profile, list, token_url) in [(Profile::Default, 200, 401), (Profile::Compat, 200, 200)] {
            let signer = Signer::new();
            let client = held_to(&world, profile, &signer).await;
            let status = async |aud: Value| {
                present(&world, "/token", &signer.assertion(&world, &client.id, &json!({ "aud": aud }))).await.status
            };
            assert_eq!(status(json!(ISSUER)).await, 200, "{profile}");
            assert_eq!(status(json!([ISSUER])).await, list, "{profile}");
            assert_eq!(status(json!(format!("{ISSUER}/token"))).await, token_url, "{profile}");
            assert_eq!(status(json!(format!("{ISSUER}/par"))).await, token_url, "{profile}");
            assert_eq!(status(json!("https://other.example/token")).await, 401, "{profile}");
        }
        let signer = Signer::new();
        let client = held_to(&world, Profile::Fapi2, &signer).await;
        for aud in [json!([ISSUER]), json!(format!("{ISSUER}/token")), json!(format!("{ISSUER}/par"))] {
            let assertion = signer.assertion(&world, &client.id, &json!({ "aud": aud }));
            present(&world, "/token", &assertion).await.refused(401, "invalid_client");
        }
    })
    .await;
}

#[tokio::test]
async fn b09_b11_one_method_and_the_registered_one() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = held_to(&world, Profile::Default, &signer).await;
        let assertion = || signer.assertion(&world, &client.id, &json!({}));
        let header = [(http::header::AUTHORIZATION, basic(&client.id, "x"))];
        let header: Vec<_> = header.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
        let text = assertion();
        let form = [GRANT, ("client_assertion_type", ASSERTION_TYPE), ("client_assertion", text.as_str())];
        world.post("/token", &header, &form).await.refused(400, "invalid_request");
        let both = [&form[..], &[("client_secret", "x"), ("client_id", client.id.as_str())]].concat();
        world.post("/token", &[], &both).await.refused(400, "invalid_request");
        let other = world.application(machine()).await;
        let two = [&form[..], &[("client_id", other.id.as_str())]].concat();
        world.post("/token", &[], &two).await.refused(400, "invalid_request");
        // No secret instead of the key, no key instead of the secret.
        world.post("/token", &header, &[GRANT]).await.refused(401, "invalid_client");
        world.post("/token", &[], &[GRANT, ("client_id", &client.id)]).await.refused(401, "invalid_client");
        present(&world, "/token", &signer.assertion(&world, &other.id, &json!({})))
            .await
            .refused(401, "invalid_client");
        let form = [GRANT, ("client_assertion_type", "urn:x"), ("client_assertion", text.as_str())];
        world.post("/token", &[], &form).await.refused(401, "invalid_client");
        assert_eq!(present(&world, "/token", &text).await.status, 200, "none of that used it up");
    })
    .await;
}

#[tokio::test]
async fn b70_the_registered_keys_are_kept_across_a_restart_and_replaced_by_new_ones() {
    on_each(|mut world| async move {
        let (signer, next) = (Signer::new(), Signer::of("EdDSA"));
        let mut client = world.application(with_key(web(), &signer)).await;
        world.restart().await;
        let refused = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        client.post(&world, "/token", &refused).await.refused(400, "invalid_grant");
        let current = world.app.applications.find(&client.id).unwrap();
        assert_eq!((current.client.auth_method, current.client.profile), (AuthMethod::PrivateKeyJwt, Profile::Default));
        let changes = serde_json::from_value(json!({ "jwks": next.jwks() })).unwrap();
        let changed =
            polder_tenant_runtime::admin::registration::accept_changes(&world.app, &current, changes).unwrap();
        let store = world.app.db.write(move |tx| {
            Box::pin(async move { polder_tenant_runtime::store::applications::update(tx, &changed).await })
        });
        assert!(store.await.unwrap());
        world.app.refresh_applications().await.unwrap();
        client.post(&world, "/token", &refused).await.refused(401, "invalid_client");
        client.signer = Some(next);
        client.post(&world, "/token", &refused).await.refused(400, "invalid_grant");
    })
    .await;
}

//! `/register/{client_id}`: an application looks after its registration (RFC 7592).

use http::Method;
use polder_db::args;
use polder_tenant_api::{ApplicationId, UserId};
use polder_tenant_runtime::model::ConsentId;
use polder_tenant_runtime::store::consents;
use serde_json::{Value, json};

use crate::register::{call, client, open, register, token, web};
use crate::support::world::on_each;
use crate::support::{Answer, Signer, World};

/// A registered application: where it is managed, and with what.
struct Registered {
    made: Answer,
    id: String,
    target: String,
    token: String,
}

async fn registered(world: &World, metadata: &Value) -> Registered {
    let made = register(world, &token(world, 1, &["orders:read", "orders:write"]).await, &web(metadata)).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.member("client_id");
    Registered { target: format!("/register/{id}"), token: made.member("registration_access_token"), id, made }
}

/// Somebody agrees to what the application asks for.
async fn agree(world: &World, user: UserId, application: &str) {
    let (application, now): (ApplicationId, _) = (application.parse().unwrap(), world.clock.now());
    let id = ConsentId::new(&world.app.clock, &world.app.entropy);
    let work = world.app.db.write(move |tx| {
        Box::pin(async move {
            tx.execute("UPDATE consent SET ended_at = $1 WHERE ended_at IS NULL", &args![now]).await?;
            let sql = "INSERT INTO consent (id, user_id, application_id, scope, text_version, metadata_sealed, given_at) \
                       VALUES ($1, $2, $3, 'openid', 'x', '', $4)";
            tx.execute(sql, &args![id, user, application, now]).await
        })
    });
    assert_eq!(work.await.unwrap(), 1);
}

impl Registered {
    async fn get(&self, world: &World) -> Answer {
        call(world, Method::GET, &self.target, &self.token, "").await
    }

    async fn put(&self, world: &World, metadata: &Value) -> Answer {
        let mut sent = web(metadata);
        if sent.get("client_id").is_none() {
            sent["client_id"] = json!(self.id);
        }
        call(world, Method::PUT, &self.target, &self.token, &sent.to_string()).await
    }

    async fn delete(&self, world: &World) -> Answer {
        call(world, Method::DELETE, &self.target, &self.token, "").await
    }
}

#[tokio::test]
async fn b90_a39_a_registration_is_read_with_its_token_and_without_the_secret() {
    on_each(|world| async move {
        open(&world).await;
        let shop = registered(&world, &json!({ "initiate_login_uri": "https://app.example/begin" })).await;
        let read = shop.get(&world).await;
        assert_eq!((read.status, read.header("cache-control")), (200, Some("no-store")));
        let mut told = shop.made.json();
        for name in ["client_secret", "client_secret_expires_at"] {
            assert!(told.as_object_mut().unwrap().remove(name).is_some());
        }
        assert_eq!(read.json(), told);
        assert_eq!(read.json()["initiate_login_uri"], "https://app.example/begin", "a39");
        let bare = world.get(&shop.target, &[]).await;
        assert_eq!((bare.status, bare.body.len()), (401, 0));
    })
    .await;
}

#[tokio::test]
async fn b90_an_update_puts_everything_in_place_of_everything() {
    on_each(|mut world| async move {
        open(&world).await;
        let before = json!({ "client_name": "Shop", "scope": "orders:read", "default_max_age": 60,
            "grant_types": ["authorization_code", "refresh_token"] });
        let shop = registered(&world, &before).await;
        let client = client(&shop.made, None);
        let after = json!({ "client_name": "Store", "redirect_uris": ["https://app.example/other"],
            "client_secret": client.secret });
        let changed = shop.put(&world, &after).await;
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(changed.member("registration_access_token"), shop.token);
        for answer in [changed, shop.get(&world).await] {
            let told = answer.json();
            assert_eq!(
                (&told["client_name"], &told["redirect_uris"]),
                (&json!("Store"), &json!(["https://app.example/other"]))
            );
            assert_eq!((told.get("default_max_age"), &told["scope"]), (None, &json!("openid profile email roles")));
            assert_eq!((&told["grant_types"], told.get("client_secret")), (&json!(["authorization_code"]), None));
        }
        let browser = world.browser();
        browser.get(&world, &client.authorize(&[])).await.error_page();
        world.restart().await;
        assert_eq!(shop.get(&world).await.json()["client_name"], "Store");
        assert_eq!(world.app.applications.find(&shop.id).unwrap().client.grant_types.len(), 1);
        let changes = "SELECT COUNT(*) AS n FROM audit_event WHERE action = 'application.changed'";
        assert_eq!(world.rows(changes).await, 1);
    })
    .await;
}

#[tokio::test]
async fn b90_an_update_says_nothing_that_is_not_its_own_to_say() {
    on_each(|world| async move {
        open(&world).await;
        let shop = registered(&world, &json!({ "scope": "orders:read" })).await;
        let before = shop.get(&world).await.json();
        for (wrong, code) in [
            (json!({ "registration_access_token": shop.token }), "invalid_request"),
            (json!({ "registration_client_uri": "https://x.test" }), "invalid_request"),
            (json!({ "client_secret_expires_at": 0 }), "invalid_request"),
            (json!({ "client_id_issued_at": 0 }), "invalid_request"),
            (json!({ "client_id": "x" }), "invalid_request"),
            (json!({ "client_secret": "another" }), "invalid_request"),
            (json!({ "redirect_uris": ["http://app.example/cb"] }), "invalid_redirect_uri"),
            (json!({ "software_statement": "x.y.z" }), "unapproved_software_statement"),
            // Neither more than it was given, nor another kind of program, nor other names of people.
            (json!({ "scope": "orders:write" }), "invalid_client_metadata"),
            (json!({ "token_endpoint_auth_method": "none" }), "invalid_client_metadata"),
            (json!({ "subject_type": "pairwise" }), "invalid_client_metadata"),
        ] {
            let answer = shop.put(&world, &wrong).await;
            assert_eq!(answer.json()["error"], code, "{wrong} {}", answer.text());
            answer.refused(400, code);
        }
        let nobody = web(&json!({})).to_string();
        call(&world, Method::PUT, &shop.target, &shop.token, &nobody).await.refused(400, "invalid_request");
        call(&world, Method::PUT, &shop.target, &shop.token, "null").await.refused(400, "invalid_client_metadata");
        assert_eq!(shop.get(&world).await.json(), before);
    })
    .await;
}

#[tokio::test]
async fn b90_b97_whatever_was_registered_first_people_are_always_asked() {
    on_each(|world| async move {
        open(&world).await;
        let device = "urn:ietf:params:oauth:grant-type:device_code";
        for first in [
            json!({ "application_type": "native", "redirect_uris": [], "grant_types": [device] }),
            json!({ "grant_types": [device, "refresh_token"] }),
            json!({ "grant_types": [device, "client_credentials"] }),
            json!({}),
        ] {
            let made = registered(&world, &first).await;
            let third_party = |id: &str| world.app.applications.find(id).unwrap().third_party;
            assert!(third_party(&made.id), "{first}");
            let again =
                made.put(&world, &web(&json!({ "grant_types": ["authorization_code", "refresh_token"] }))).await;
            if first.get("application_type").is_none() {
                assert_eq!(again.status, 200, "{first} {}", again.text());
            }
            assert!(third_party(&made.id), "{first}");
        }
        // A service stays one, however its grants are written.
        let service = json!({ "grant_types": ["client_credentials", "client_credentials"], "redirect_uris": [] });
        let made = registered(&world, &service).await;
        made.put(&world, &web(&json!({}))).await.refused(400, "invalid_client_metadata");
        // And who was registered for people gets no token without them.
        let made = registered(&world, &json!({})).await;
        let alone = json!({ "grant_types": ["authorization_code", "client_credentials"] });
        made.put(&world, &web(&alone)).await.refused(400, "invalid_client_metadata");
    })
    .await;
}

#[tokio::test]
async fn b90_b97_who_was_agreed_to_under_another_name_or_elsewhere_is_asked_about_again() {
    on_each(|world| async move {
        open(&world).await;
        let made = registered(&world, &json!({ "client_name": "Shop" })).await;
        let user = world.user("ann@example.test").await;
        let holds = async || {
            let mut tx = world.app.db.read().await.unwrap();
            consents::holding(&mut tx, user, made.id.parse().unwrap()).await.unwrap().is_some()
        };
        for (change, stays) in [
            (json!({ "client_name": "Shop", "tos_uri": "https://app.example/terms" }), true),
            (json!({ "client_name": "Bank" }), false),
            (json!({ "client_name": "Bank", "redirect_uris": ["https://other.example/cb"] }), false),
        ] {
            agree(&world, user, &made.id).await;
            let answer = made.put(&world, &web(&change)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(holds().await, stays, "{change}");
        }
    })
    .await;
}

#[tokio::test]
async fn b90_who_begins_to_use_a_secret_is_given_one() {
    on_each(|world| async move {
        open(&world).await;
        let signer = Signer::new();
        let by_key = json!({ "token_endpoint_auth_method": "private_key_jwt", "jwks": signer.jwks() });
        let shop = registered(&world, &by_key).await;
        let changed = shop.put(&world, &json!({ "token_endpoint_auth_method": "client_secret_post" })).await;
        assert_eq!((changed.status, changed.member("client_secret").len()), (200, 43), "{}", changed.text());
        assert_eq!((&changed.json()["client_secret_expires_at"], changed.json().get("jwks")), (&json!(0), None));
        let proved = client(&changed, None).introspect(&world, "x").await;
        assert_eq!((proved.status, proved.json()), (200, json!({ "active": false })));
        client(&shop.made, Some(signer)).introspect(&world, "x").await.refused(401, "invalid_client");
    })
    .await;
}

#[tokio::test]
async fn b90_a_token_that_is_used_at_another_application_works_nowhere_any_more() {
    on_each(|mut world| async move {
        open(&world).await;
        let (one, other) = (registered(&world, &json!({})).await, registered(&world, &json!({})).await);
        let third = registered(&world, &json!({})).await;
        call(&world, Method::GET, &other.target, &one.token, "").await.refused(401, "invalid_token");
        one.get(&world).await.refused(401, "invalid_token");
        one.put(&world, &json!({})).await.refused(401, "invalid_token");
        one.delete(&world).await.refused(401, "invalid_token");
        // Nobody else's is hurt; an application that is not there is another one, too.
        assert_eq!(other.get(&world).await.status, 200);
        call(&world, Method::DELETE, "/register/nobody", &third.token, "").await.refused(401, "invalid_token");
        world.restart().await;
        for burnt in [&one, &third] {
            burnt.get(&world).await.refused(401, "invalid_token");
            assert!(world.app.applications.enabled(&burnt.id).is_some(), "the application itself stays");
        }
        let revoked = "SELECT COUNT(*) AS n FROM audit_event WHERE action = 'application.registration_token_revoked'";
        assert_eq!(world.rows(revoked).await, 2);
    })
    .await;
}

#[tokio::test]
async fn b90_a_deleted_application_is_gone_with_everything() {
    on_each(|mut world| async move {
        open(&world).await;
        let machine = json!({ "grant_types": ["client_credentials"], "redirect_uris": null });
        let nightly = registered(&world, &machine).await;
        let client = client(&nightly.made, None);
        let grant = [("grant_type", "client_credentials")];
        assert_eq!(client.post(&world, "/token", &grant).await.status, 200);
        let gone = nightly.delete(&world).await;
        assert_eq!((gone.status, gone.body.len()), (204, 0));
        client.post(&world, "/token", &grant).await.refused(401, "invalid_client");
        world.restart().await;
        for answer in [nightly.get(&world).await, nightly.put(&world, &machine).await, nightly.delete(&world).await] {
            answer.refused(401, "invalid_token");
        }
        let removed = "SELECT COUNT(*) AS n FROM audit_event WHERE action = 'application.removed'";
        assert_eq!(world.rows(removed).await, 1);
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM application_secret").await, 0);
    })
    .await;
}

#[tokio::test]
async fn b90_what_was_switched_off_does_not_switch_itself_on() {
    on_each(|world| async move {
        open(&world).await;
        let shop = registered(&world, &json!({})).await;
        world.switch_off(&client(&shop.made, None)).await;
        for answer in [shop.get(&world).await, shop.put(&world, &json!({})).await, shop.delete(&world).await] {
            answer.refused(403, "access_denied");
        }
        assert!(world.app.applications.find(&shop.id).is_some_and(|application| !application.is_enabled()));
    })
    .await;
}

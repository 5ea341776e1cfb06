//! Nothing of one tenant is worth anything at another, though issuer, applications and people have the
//! same names there (G01-G03).

use http::header;
use polder_db::testing::sqlite;

use crate::support::client::web;
use crate::support::token::header as token_header;
use crate::support::{Browser, Client, World};

struct Tenant {
    world: World,
    client: Client,
    browser: Browser,
}

/// Seeded chance gives both the same ids.
async fn tenant() -> Tenant {
    let world = World::start(sqlite().await).await;
    let client = world.application(web()).await;
    let ann = world.user("ann@example.test").await;
    let browser = world.browser();
    browser.sign_in(&world, ann).await;
    Tenant { world, client, browser }
}

#[tokio::test]
async fn g01_g03_whatever_one_tenant_gave_out_is_refused_by_another() {
    let (here, there) = (tenant().await, tenant().await);
    assert_eq!(here.client.id, there.client.id, "the same names, or this proves little");
    let tokens = here.browser.tokens(&here.world, &here.client).await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    let id_token = tokens.member("id_token");
    let code = here.browser.code(&here.world, &here.client).await;
    let (world, client) = (&there.world, &there.client);

    client.redeem(world, &code).await.refused(400, "invalid_grant");
    client.refresh(world, &refresh).await.refused(400, "invalid_grant");
    let bearer = format!("Bearer {access}");
    assert_eq!(world.get("/userinfo", &[(header::AUTHORIZATION, &bearer)]).await.status, 401);
    for token in [&access, &refresh] {
        assert_eq!(client.introspect(world, token).await.json(), serde_json::json!({ "active": false }));
        assert_eq!(client.revoke(world, token).await.status, 200);
    }
    let hinted = client.authorize(&[("id_token_hint", &id_token), ("prompt", "none")]);
    there.browser.get(world, &hinted).await.redirected_error("invalid_request");
    there.browser.get(world, &format!("/end_session?id_token_hint={id_token}")).await;
    assert!(there.browser.code(world, client).await.len() >= 43, "a foreign hint ended no session");
    assert_eq!(client.refresh(world, &refresh).await.status, 400);
    assert_eq!(here.client.refresh(&here.world, &refresh).await.status, 200, "and did no harm at home");
}

#[tokio::test]
async fn g01_cookies_and_form_tokens_of_one_tenant_open_nothing_at_another() {
    let (here, there) = (tenant().await, tenant().await);
    // The very value is known there too, by seeded chance; without its own session it is nothing.
    let live = there.world.app.db.write(|tx| Box::pin(async move { tx.execute("DELETE FROM session", &[]).await }));
    live.await.unwrap();
    here.world.pass(1);
    let page = here.browser.get(&here.world, &here.client.authorize(&[("prompt", "login")])).await.location();
    let target = format!("{}?{}", page.path(), page.query().unwrap());
    assert_eq!(here.browser.get(&here.world, &target).await.status, 200);
    let silent = here.client.authorize(&[("prompt", "none")]);
    here.browser.get(&there.world, &silent).await.redirected_error("login_required");
    here.browser.get(&there.world, &target).await.error_page();
}

#[tokio::test]
async fn g02_two_tenants_share_no_key_and_no_secret() {
    let (here, there) = (tenant().await.world, tenant().await.world);
    let kids = |world: &World| {
        let jwks: serde_json::Value = serde_json::from_slice(&world.app.keys.current().jwks).unwrap();
        let keys = jwks["keys"].as_array().unwrap().clone();
        // The suite makes one RSA key for all its tenants, since that takes long, and Ed25519 keys by its
        // seeded chance.
        keys.into_iter().filter(|key| key["kty"] == "EC").map(|key| key["kid"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(kids(&here).len(), 1);
    assert!(kids(&here).iter().all(|kid| !kids(&there).contains(kid)));
    for purpose in ["client-secret", "session-cookie", "user-email"] {
        let hash = |world: &World| world.app.keyring.index(purpose, b"the same");
        assert_ne!(hash(&here), hash(&there), "{purpose}");
    }
    for purpose in ["refresh-token", "csrf-flow", "sign-in-code", "sid"] {
        let mac = |world: &World| world.app.keyring.mac(purpose, &[b"the same"]);
        assert_ne!(mac(&here), mac(&there), "{purpose}");
    }
    let tenant = tenant().await;
    let id_token = tenant.browser.tokens(&tenant.world, &tenant.client).await.member("id_token");
    assert!(kids(&tenant.world).contains(&token_header(&id_token)["kid"]));
}

//! Signing keys (A06): published before first use, listed until their last token expired, dropped at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use polder_crypto::Algorithm;
use polder_tenant_runtime::keys::{By, signing};

use crate::support::client::{Client, web};
use crate::support::token::{header, verified};
use crate::support::world::{World, on_each};
use crate::support::{Answer, Browser};

async fn kids(world: &World) -> BTreeSet<String> {
    let keys = world.get("/jwks.json", &[]).await.json()["keys"].as_array().unwrap().clone();
    keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn kid(token: &str) -> String {
    header(token)["kid"].as_str().unwrap().to_owned()
}

async fn signed_in(world: &World, algorithm: Algorithm) -> (Client, Browser) {
    let mut choice = web();
    choice.id_token_alg = Some(algorithm.as_str());
    let client = world.application(choice).await;
    let browser = world.browser();
    browser.sign_in(world, world.user(&format!("{algorithm}@example.test").to_lowercase()).await).await;
    (client, browser)
}

async fn id_token(world: &World, client: &Client, browser: &Browser) -> String {
    browser.tokens(world, client).await.member("id_token")
}

async fn active(world: &World, client: &Client, tokens: &Answer) -> bool {
    client.introspect(world, &tokens.member("access_token")).await.json()["active"] == true
}

#[tokio::test]
async fn a06_a_key_is_published_before_it_signs_and_stays_until_its_last_token_expired() {
    on_each(|world| async move {
        for algorithm in Algorithm::ALL {
            let (client, browser) = signed_in(&world, algorithm).await;
            let (listed, old) = (kids(&world).await, id_token(&world, &client, &browser).await);
            signing::rotate(&world.app, &[algorithm], &By::Schedule).await.unwrap();
            let both = kids(&world).await;
            assert!(both.is_superset(&listed) && both.len() == listed.len() + 1, "old and new are listed");
            let last = {
                world.pass(599);
                signing::round(&world.app).await.unwrap();
                let last = id_token(&world, &client, &browser).await;
                assert_eq!(kid(&last), kid(&old), "the JWKS may be kept for so long");
                last
            };
            world.pass(1);
            signing::round(&world.app).await.unwrap();
            let new = id_token(&world, &client, &browser).await;
            assert!(kid(&new) != kid(&old) && both.contains(&kid(&new)), "published before");
            assert_eq!(header(&new)["alg"], algorithm.as_str());
            for token in [&old, &last, &new] {
                verified(&world, token).await;
            }
            world.pass(7199);
            signing::round(&world.app).await.unwrap();
            verified(&world, &last).await;
            world.pass(301);
            signing::round(&world.app).await.unwrap();
            let after = kids(&world).await;
            assert!(!after.contains(&kid(&old)) && after.contains(&kid(&new)) && after.len() == listed.len());
        }
    })
    .await;
}

#[tokio::test]
async fn a06_in_an_emergency_a_key_is_gone_at_once_and_so_are_its_tokens() {
    on_each(|world| async move {
        for algorithm in Algorithm::ALL {
            let (client, browser) = signed_in(&world, algorithm).await;
            let tokens = browser.tokens(&world, &client).await;
            let id_token = tokens.member("id_token");
            signing::rotate(&world.app, &[algorithm], &By::Schedule).await.unwrap();
            assert!(active(&world, &client, &tokens).await, "checked, and remembered as good");
            let before = kids(&world).await;
            signing::drop_at_once(&world.app, &[algorithm], &By::Schedule).await.unwrap();
            let after = kids(&world).await;
            assert_eq!(after.len(), 3, "the waiting key went too");
            assert!(before.contains(&kid(&id_token)) && !after.contains(&kid(&id_token)));
            assert_eq!(
                active(&world, &client, &tokens).await,
                algorithm != Algorithm::Es256,
                "access tokens are ES256"
            );
            if algorithm == Algorithm::Es256 {
                let bearer = format!("Bearer {}", tokens.member("access_token"));
                let answer = world.get("/userinfo", &[(http::header::AUTHORIZATION, &bearer)]).await;
                assert_eq!(answer.status, 401);
            }
            // The session and the refresh token are no work of that key.
            let fresh = client.refresh(&world, &tokens.member("refresh_token")).await;
            assert_eq!(fresh.status, 200, "{}", fresh.text());
            assert!(!before.contains(&kid(&fresh.member("id_token"))), "a new key signs at once");
            verified(&world, &fresh.member("id_token")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a06_a_process_killed_between_any_two_steps_goes_on_where_it_was() {
    on_each(|mut world| async move {
        let (client, browser) = signed_in(&world, Algorithm::Es256).await;
        let mut ever = kids(&world).await;
        let mut old = Vec::new();
        // Four periods of 90 days and one day more, looked at twice a day, and a new process for every step.
        for _ in 0..4 * 90 * 2 + 2 {
            world.pass(12 * 3600);
            while signing::step(&world.app).await.unwrap() {
                world.restart().await;
                let listed = kids(&world).await;
                assert!(listed.len() >= 3);
                ever.extend(listed);
            }
        }
        browser.sign_in(&world, world.user("later@example.test").await).await;
        let token = id_token(&world, &client, &browser).await;
        verified(&world, &token).await;
        old.push(kid(&token));
        assert_eq!(ever.len(), 3 * 5, "one key of each algorithm per period, none twice");
        assert_eq!(kids(&world).await.len(), 3);
        let count = |sql: &'static str| {
            let db = world.app.db.clone();
            async move { db.read().await.unwrap().optional(sql, &[], |row| row.int("n")).await.unwrap().unwrap() }
        };
        let signing = "SELECT COUNT(*) AS n FROM signing_key WHERE private_sealed <> ''";
        assert_eq!(count(signing).await, 3, "what signs no more has no private half");
        assert_eq!(count("SELECT COUNT(*) AS n FROM signing_key").await, 15, "kids stay taken");
        for action in ["key.created", "key.retired", "key.removed"] {
            let filter = polder_audit::Filter { action: Some(action.to_owned()), ..Default::default() };
            let mut tx = world.app.db.read().await.unwrap();
            let events = polder_audit::list(&mut tx, &filter, None, 100).await.unwrap();
            assert_eq!(events.len(), if action == "key.created" { 15 } else { 12 }, "{action}");
        }
    })
    .await;
}

#[tokio::test]
async fn a06_a_key_that_waits_survives_restarts_and_is_not_made_twice() {
    on_each(|mut world| async move {
        let before = kids(&world).await;
        for _ in 0..3 {
            signing::rotate(&world.app, &Algorithm::ALL, &By::Schedule).await.unwrap();
            world.restart().await;
            assert_eq!(kids(&world).await.len(), 6);
        }
        world.pass(600);
        world.restart().await;
        let (client, browser) = signed_in(&world, Algorithm::EdDsa).await;
        let token = id_token(&world, &client, &browser).await;
        assert!(!before.contains(&kid(&token)), "after the start its time has come");
        assert_eq!(kids(&world).await.len(), 6, "the old ones are listed");
        signing::round(&world.app).await.unwrap();
        world.pass(7600);
        world.restart().await;
        signing::round(&world.app).await.unwrap();
        assert_eq!(kids(&world).await.len(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a06_jwks_and_signers_change_together() {
    on_each(|world| async move {
        let world = Arc::new(world);
        let (client, browser) = signed_in(&world, Algorithm::Es256).await;
        let tokens = browser.tokens(&world, &client).await;
        let looking = Arc::clone(&world.app);
        let looks = tokio::spawn(async move {
            let mut seen = BTreeSet::new();
            for _ in 0..20_000 {
                let set = looking.keys.current();
                let signer = set.signer(Algorithm::Es256).unwrap();
                let token = signer.sign_jwt("at+jwt", &serde_json::json!({ "a": 1 })).unwrap();
                assert!(set.verifier.verify(&token, &["at+jwt"], &Algorithm::ALL).is_ok());
                assert!(String::from_utf8_lossy(&set.jwks).contains(signer.kid()));
                seen.insert(signer.kid().to_owned());
                tokio::task::yield_now().await;
            }
            seen
        });
        for _ in 0..20 {
            signing::drop_at_once(&world.app, &[Algorithm::Es256], &By::Schedule).await.unwrap();
            assert!(!active(&world, &client, &tokens).await);
        }
        assert!(!looks.await.unwrap().is_empty());
    })
    .await;
}

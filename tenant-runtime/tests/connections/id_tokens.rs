//! ID tokens that are not what they have to be (B99).

use serde_json::{Value, json};

use crate::connections::stage::{Stage, signed_by};
use crate::connections::upstream::Signer;
use crate::support::world::on_each;

/// Connects an account honestly, then has the provider vouch for it in a wrong way.
async fn refused(stage: &Stage, name: &str, changes: Value) {
    let browser = stage.world.browser();
    let begun = stage.begin(&browser).await;
    stage.vouch(&begun, "ann-there", &changes);
    let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
    assert_eq!(answer.status, 403, "{name}: {}", answer.text());
    stage.nobody(&answer, &browser);
}

#[tokio::test]
async fn b99_an_honest_id_token_signs_in_whom_it_was_connected_to() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let browser = stage.world.browser();
        let answer = stage.sign_in(&browser, "ann-there").await;
        let code = answer.parameter("code").expect("a code for the application");
        let tokens = stage.client.redeem(&stage.world, &code).await;
        assert_eq!(tokens.status, 200, "{}", tokens.text());
        assert_eq!(stage.people().await, 1);
    })
    .await;
}

#[tokio::test]
async fn b99_a_claim_that_is_missing_or_wrong_is_a_refusal() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let now = stage.world.clock.now().seconds();
        for (name, changes) in [
            ("no aud", json!({ "aud": null })),
            ("aud of somebody else", json!({ "aud": "another-client" })),
            ("aud of others too", json!({ "aud": ["polder-at-upstream", "another-client"] })),
            ("empty aud", json!({ "aud": [] })),
            ("azp of somebody else", json!({ "azp": "another-client" })),
            ("no exp", json!({ "exp": null })),
            ("exp passed", json!({ "exp": now - 1 })),
            ("exp is text", json!({ "exp": "tomorrow" })),
            ("no iat", json!({ "iat": null })),
            ("iat of the future", json!({ "iat": now + 3600 })),
            ("iat long ago", json!({ "iat": now - 86_400 })),
            ("nbf of the future", json!({ "nbf": now + 3600 })),
            ("no iss", json!({ "iss": null })),
            ("iss of somebody else", json!({ "iss": "https://accounts.google.com" })),
            ("iss with a slash", json!({ "iss": format!("{}/", stage.upstream.issuer) })),
            ("no nonce", json!({ "nonce": null })),
            ("another nonce", json!({ "nonce": "another" })),
            ("no sub", json!({ "sub": null })),
            ("empty sub", json!({ "sub": "" })),
        ] {
            refused(&stage, name, changes).await;
        }
    })
    .await;
}

#[tokio::test]
async fn b99_a_signature_that_proves_nothing_is_a_refusal() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        for signer in [Signer::Stranger, Signer::Nobody, Signer::HmacSecret, Signer::HmacPublicKey, Signer::Next] {
            signed_by(&stage, signer);
            refused(&stage, &format!("{signer:?}"), json!({})).await;
        }
        signed_by(&stage, Signer::Own);
        let browser = stage.world.browser();
        assert!(stage.sign_in(&browser, "ann-there").await.parameter("code").is_some(), "the tests above can fail");
    })
    .await;
}

#[tokio::test]
async fn b99_no_id_token_is_no_sign_in() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        for token in [json!({ "id_token": null }), json!({ "id_token": "" }), json!({ "id_token": "x".repeat(20_000) })]
        {
            stage.upstream.set(|mood| mood.token = token);
            refused(&stage, "no ID token", json!({})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn b99_userinfo_about_somebody_else_is_a_refusal() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let without_address = json!({ "email": null });
        for userinfo in [json!({ "sub": "victim", "email": "victim@example.test" }), json!({ "email": "a@b.test" })] {
            stage.upstream.set(|mood| mood.userinfo = userinfo);
            refused(&stage, "userinfo", without_address.clone()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn b99_only_algorithms_that_the_provider_named_count() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.upstream.set(|mood| mood.discovery = json!({ "id_token_signing_alg_values_supported": ["RS256"] }));
        refused(&stage, "ES256 was not named", json!({})).await;
    })
    .await;
}

//! The profile `fapi2`, from end to end, and what sets the profiles apart.

use http::HeaderName;
use polder_protocol::Profile;
use polder_tenant_api::NewApplication;
use polder_tenant_runtime::admin::registration;
use polder_tenant_runtime::model::Application;
use serde_json::{Value, json};

use crate::support::client::{VERIFIER, fapi2, spa, web};
use crate::support::token::{claims, header, verified};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, Signer, World};

const PROOF: HeaderName = HeaderName::from_static("dpop");

async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    browser
}

/// A proof with a nonce that was just given.
async fn proof(world: &World, client: &Client, path: &str) -> String {
    let signer = client.signer.as_ref().unwrap();
    let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
    let asked = client.post_with(world, path, &[(PROOF, &signer.proof(world, path))], &form).await;
    let nonce = asked.header("dpop-nonce").unwrap_or_else(|| panic!("no nonce: {}", asked.text()));
    signer.proof_with(world, path, &json!({ "nonce": nonce }))
}

async fn refresh(world: &World, client: &Client, token: &str) -> Answer {
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    let signer = client.signer.as_ref().unwrap();
    let asked = client.post_with(world, "/token", &[(PROOF, &signer.proof(world, "/token"))], &form).await;
    asked.refused(400, "use_dpop_nonce");
    let proof = signer.proof_with(world, "/token", &json!({ "nonce": asked.header("dpop-nonce").unwrap() }));
    client.refresh_with(world, token, &proof).await
}

async fn redeem(world: &World, client: &Client, code: &str) -> Answer {
    let signer = client.signer.as_ref().unwrap();
    let asked = client.redeem_with(world, code, &signer.proof(world, "/token")).await;
    asked.refused(400, "use_dpop_nonce");
    let proof = signer.proof_with(world, "/token", &json!({ "nonce": asked.header("dpop-nonce").unwrap() }));
    client.redeem_with(world, code, &proof).await
}

async fn code(world: &World, browser: &Browser, client: &Client) -> String {
    let pushed = client.push(world, &[], None).await;
    assert_eq!(pushed.status, 201, "{}", pushed.text());
    browser.get(world, &client.opens(&pushed.member("request_uri"))).await.parameter("code").unwrap()
}

#[tokio::test]
async fn a55_a68_fapi2_from_push_to_refresh() {
    on_each(|world| async move {
        let client = world.application(fapi2(&Signer::new())).await;
        let browser = signed_in(&world).await;
        let code = code(&world, &browser, &client).await;
        let tokens = redeem(&world, &client, &code).await;
        assert_eq!((tokens.status, tokens.member("token_type").as_str()), (200, "DPoP"), "{}", tokens.text());
        verified(&world, &tokens.member("id_token")).await;
        assert_eq!(header(&tokens.member("id_token"))["alg"], "ES256", "no RS256 here");
        let first = tokens.member("refresh_token");
        // A68: the same token, as often as it takes, also when an answer was lost.
        for wait in [0, 30, 3600] {
            world.pass(wait);
            let again = refresh(&world, &client, &first).await;
            assert_eq!((again.status, again.member("refresh_token")), (200, first.clone()), "{}", again.text());
            assert!(claims(&again.member("access_token"))["cnf"]["jkt"].is_string());
        }
        world.pass(31 * 86_400);
        refresh(&world, &client, &first).await.refused(400, "invalid_grant");
    })
    .await;
}

#[tokio::test]
async fn a62_a63_a64_a65_a66_a70_fapi2_takes_no_less() {
    on_each(|world| async move {
        let client = world.application(fapi2(&Signer::new())).await;
        let browser = signed_in(&world).await;
        browser.get(&world, &client.authorize(&[])).await.redirected_error("invalid_request");
        client.push(&world, &[("code_challenge", "")], None).await.refused(400, "invalid_request");
        // A63.
        client
            .push(&world, &[("response_type", "code id_token")], None)
            .await
            .refused(400, "unsupported_response_type");
        let unproved = code(&world, &browser, &client).await;
        client.redeem(&world, &unproved).await.refused(400, "invalid_dpop_proof");
        assert_eq!(redeem(&world, &client, &unproved).await.status, 200, "that used nothing up");
        // A66.
        redeem(&world, &client, &unproved).await.refused(400, "invalid_grant");
        let late = code(&world, &browser, &client).await;
        world.pass(61);
        redeem(&world, &client, &late).await.refused(400, "invalid_grant");
        // A64.
        let other = world.application(fapi2(&Signer::new())).await;
        let stolen = code(&world, &browser, &client).await;
        redeem(&world, &other, &stolen).await.refused(400, "invalid_grant");
        // A57.
        let long = "n".repeat(384);
        for change in
            [vec![("state", "")], vec![("nonce", "")], vec![("nonce", long.as_str())], vec![("state", long.as_str())]]
        {
            let pushed = client.push(&world, &change, None).await;
            let answer = browser.get(&world, &client.opens(&pushed.member("request_uri"))).await;
            let state = change.iter().find(|(name, _)| *name == "state").map_or("st-1", |(_, state)| state);
            assert_eq!(answer.parameter("state").unwrap_or_default(), state);
        }
    })
    .await;
}

#[tokio::test]
async fn a67_b60_fapi2_knows_no_rs256() {
    on_each(|world| async move {
        for (alg, fits) in [("RS256", false), ("PS256", true), ("EdDSA", true), ("Ed25519", true)] {
            let client = world.application(fapi2(&Signer::of(alg))).await;
            let pushed = client.push(&world, &[], None).await;
            if !fits {
                pushed.refused(401, "invalid_client");
                continue;
            }
            assert_eq!(pushed.status, 201, "{alg}: {}", pushed.text());
            assert!(!proof(&world, &client, "/token").await.is_empty(), "{alg}");
        }
        let client = world.application(fapi2(&Signer::new())).await;
        let rs256 = Signer::of("RS256").proof(&world, "/token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        client.post_with(&world, "/token", &[(PROOF, &rs256)], &form).await.refused(400, "invalid_dpop_proof");
    })
    .await;
}

#[tokio::test]
async fn a56_who_cancels_a_pushed_request_is_told_so_with_its_state() {
    on_each(|world| async move {
        let client = world.application(fapi2(&Signer::new())).await;
        let browser = world.browser();
        let silent = client.push(&world, &[("prompt", "none")], None).await;
        let answer = browser.get(&world, &client.opens(&silent.member("request_uri"))).await;
        answer.redirected_error("login_required");
        assert_eq!(answer.parameter("state").as_deref(), Some("st-1"));
    })
    .await;
}

#[tokio::test]
async fn a13_a28_compat_takes_what_certified_clients_send() {
    on_each(|world| async move {
        let mut choice = web();
        choice.wish.profile = Profile::Compat;
        let client = world.application(choice).await;
        let browser = signed_in(&world).await;
        let bare = [("code_challenge", ""), ("code_challenge_method", ""), ("nonce", "")];
        let code = browser.code_with(&world, &client, &bare).await;
        let form = |code: &str| [("grant_type", "authorization_code".to_owned()), ("code", code.to_owned())];
        let send = async |code: &str, more: &[(&str, &str)]| {
            let form = form(code);
            let form: Vec<_> =
                form.iter().map(|(name, value)| (*name, value.as_str())).chain(more.iter().copied()).collect();
            client.post(&world, "/token", &form).await
        };
        let uri = ("redirect_uri", client.redirect_uri.as_str());
        // B31, B15.
        send(&code, &[uri, ("code_verifier", VERIFIER)]).await.refused(400, "invalid_grant");
        send(&code, &[]).await.refused(400, "invalid_grant");
        let answer = send(&code, &[uri]).await;
        assert_eq!(claims(&answer.member("id_token")).get("nonce"), None);
        // A28: given, it is enforced, and the redirect URI is still asked for.
        let code = browser.code(&world, &client).await;
        send(&code, &[uri]).await.refused(400, "invalid_grant");
        send(&code, &[("code_verifier", VERIFIER)]).await.refused(400, "invalid_grant");
        assert_eq!(send(&code, &[uri, ("code_verifier", VERIFIER)]).await.status, 200);
        // B29: who keeps no secret still needs it.
        let mut choice = spa();
        choice.wish.profile = Profile::Compat;
        let public = world.application(choice).await;
        browser.get(&world, &public.authorize(&bare)).await.redirected_error("invalid_request");
    })
    .await;
}

#[tokio::test]
async fn a67_b70_what_may_be_registered() {
    on_each(|world| async move {
        let signer = Signer::new();
        let accept = |change: Value| {
            let new = json!({
                "name": "Bank", "type": "web", "profile": "fapi2", "redirect_uris": ["https://app.example/cb"],
                "jwks": signer.jwks(),
            });
            let new: NewApplication = serde_json::from_value(crate::support::signer::changed(new, &change)).unwrap();
            registration::accept(&world.app, new)
        };
        let bank = accept(json!({})).unwrap();
        assert_eq!((bank.client.profile, bank.client.auth_method.as_str()), (Profile::Fapi2, "private_key_jwt"));
        assert_eq!((bank.id_token_alg.as_str(), bank.introspection_alg.as_str()), ("ES256", "ES256"));
        let mut private = signer.jwks();
        private["keys"][0]["d"] = json!("AAAA");
        for wrong in [
            json!({ "jwks": null }),
            json!({ "jwks": { "keys": [] } }),
            json!({ "jwks": private }),
            json!({ "jwks": { "keys": [{ "kty": "oct", "k": "AAAA" }] } }),
            json!({ "type": "spa" }),
            json!({ "token_endpoint_auth_method": "client_secret_basic" }),
            json!({ "preferences": { "id_token_signed_response_alg": "RS256" } }),
            json!({ "preferences": { "access_token_signed_response_alg": "RS256" } }),
            json!({ "preferences": { "introspection_signed_response_alg": "RS256" } }),
            json!({ "preferences": { "userinfo_signed_response_alg": "RS256" } }),
            json!({ "profile": "default", "token_endpoint_auth_method": "private_key_jwt", "jwks": null }),
        ] {
            assert!(accept(wrong.clone()).is_err(), "{wrong}");
        }
        let plain = accept(json!({ "profile": "compat", "jwks": null })).unwrap();
        assert_eq!((plain.client.profile, plain.id_token_alg.as_str()), (Profile::Compat, "RS256"));
        // What was chosen under other rules has to go before these hold.
        let stricter = |current: &Application| {
            let changes =
                json!({ "profile": "fapi2", "token_endpoint_auth_method": "private_key_jwt", "jwks": signer.jwks() });
            registration::accept_changes(&world.app, current, serde_json::from_value(changes).unwrap())
        };
        assert_eq!(stricter(&plain).unwrap().id_token_alg.as_str(), "ES256");
        for chosen in ["id_token_signed_response_alg", "userinfo_signed_response_alg"] {
            let chosen =
                accept(json!({ "profile": "compat", "jwks": null, "preferences": { chosen: "RS256" } })).unwrap();
            assert!(stricter(&chosen).is_err(), "{:?}", chosen.preferences);
        }
    })
    .await;
}

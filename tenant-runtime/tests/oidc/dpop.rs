//! Tokens bound to a key (RFC 9449), at the token endpoint and at userinfo.

use std::sync::Arc;

use http::{HeaderName, Method, header};
use polder_crypto::sha256;
use polder_kernel::encoding::base64url;
use serde_json::{Value, json};

use crate::support::client::{fapi2, machine, spa, web};
use crate::support::signer::fresh;
use crate::support::token::claims;
use crate::support::world::{on_each, request};
use crate::support::{Answer, Browser, Client, ISSUER, Signer, World};

const PROOF: HeaderName = HeaderName::from_static("dpop");
const GRANT: (&str, &str) = ("grant_type", "client_credentials");

async fn signed_in(world: &World) -> Browser {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    browser
}

async fn token(world: &World, client: &Client, proof: &str) -> Answer {
    client.post_with(world, "/token", &[(PROOF, proof)], &[GRANT]).await
}

/// A proof to use `token` at userinfo with.
pub fn at_userinfo(world: &World, signer: &Signer, token: &str, changes: &Value) -> String {
    let ath = base64url(&sha256(token.as_bytes()));
    let mut claims = json!({ "htm": "GET", "ath": ath });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    signer.proof_with(world, "/userinfo", &claims)
}

/// Asks userinfo with these proofs.
pub async fn userinfo(world: &World, authorization: &str, proofs: &[&str]) -> Answer {
    let proofs = proofs.iter().map(|proof| (PROOF, *proof));
    let headers: Vec<_> = [(header::AUTHORIZATION, authorization)].into_iter().chain(proofs).collect();
    world.send(request(Method::GET, "/userinfo", &headers, String::new())).await
}

#[tokio::test]
async fn b59_tokens_and_introspection_name_the_key() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = world.application(machine()).await;
        let answer = token(&world, &client, &signer.proof(&world, "/token")).await;
        assert_eq!((answer.status, answer.member("token_type").as_str()), (200, "DPoP"), "{}", answer.text());
        let access = answer.member("access_token");
        assert_eq!(claims(&access)["cnf"], json!({ "jkt": signer.jkt() }));
        let body = client.introspect(&world, &access).await.json();
        assert_eq!((&body["cnf"]["jkt"], &body["token_type"]), (&json!(signer.jkt()), &json!("DPoP")));

        let code = signed_in(&world).await.code(&world, &world.application(web()).await).await;
        assert!(!code.is_empty());
        let bearer = client.post(&world, "/token", &[GRANT]).await;
        assert_eq!(bearer.member("token_type"), "Bearer");
        assert_eq!(claims(&bearer.member("access_token")).get("cnf"), None);
        assert_eq!(bearer.header("dpop-nonce"), None, "nobody asked");
    })
    .await;
}

#[tokio::test]
async fn b60_b61_b62_a_changed_proof_is_refused_at_the_token_endpoint() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(machine()).await;
        let now = world.clock.now().seconds();
        let with = |changes: Value| signer.proof_with(&world, "/token", &changes);
        let right = json!({ "jti": fresh(), "htm": "POST", "htu": format!("{ISSUER}/token"), "iat": now });
        let headed = |change: Value| {
            let mut header = signer.proof_header();
            for (name, value) in change.as_object().unwrap() {
                header[name] = value.clone();
            }
            header.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            signer.sign(&header, &right)
        };
        let mut private = signer.jwk();
        private["d"] = json!("AAAA");
        for wrong in [
            with(json!({ "jti": null })),
            with(json!({ "htm": null })),
            with(json!({ "htu": null })),
            with(json!({ "iat": null })),
            with(json!({ "htm": "GET" })),
            with(json!({ "htu": format!("{ISSUER}/userinfo") })),
            with(json!({ "htu": [format!("{ISSUER}/token")] })),
            with(json!({ "iat": now - 3600 })),
            with(json!({ "iat": now + 3600 })),
            with(json!({ "exp": now - 3600 })),
            with(json!({ "nbf": now + 3600 })),
            headed(json!({ "typ": null })),
            headed(json!({ "typ": "JWT" })),
            headed(json!({ "alg": null })),
            headed(json!({ "alg": "none" })),
            headed(json!({ "alg": "HS256" })),
            headed(json!({ "alg": "RS256" })),
            headed(json!({ "jwk": null })),
            headed(json!({ "jwk": private })),
            headed(json!({ "jwk": { "kty": "oct", "k": "AAAA" } })),
            headed(json!({ "jwk": other.jwk() })),
            headed(json!({ "crit": ["jti"] })),
            "x".to_owned(),
            String::new(),
        ] {
            token(&world, &client, &wrong).await.refused(400, "invalid_dpop_proof");
        }
        for iat in [now - 10, now + 10] {
            assert_eq!(token(&world, &client, &with(json!({ "iat": iat }))).await.status, 200, "A59");
        }
    })
    .await;
}

#[tokio::test]
async fn b63_a_proof_counts_once_also_across_a_restart_and_fifty_at_once() {
    on_each(|mut world| async move {
        let signer = Signer::new();
        let client = world.application(machine()).await;
        let proof = signer.proof(&world, "/token");
        assert_eq!(token(&world, &client, &proof).await.status, 200);
        token(&world, &client, &proof).await.refused(400, "invalid_dpop_proof");
        world.restart().await;
        token(&world, &client, &proof).await.refused(400, "invalid_dpop_proof");
        // What another key signed under the same name is another proof.
        let named = json!({ "jti": "the-same" });
        assert_eq!(token(&world, &client, &signer.proof_with(&world, "/token", &named)).await.status, 200);
        assert_eq!(token(&world, &client, &Signer::new().proof_with(&world, "/token", &named)).await.status, 200);

        let proof = signer.proof(&world, "/token");
        let world = Arc::new(world);
        let tasks: Vec<_> = (0..50)
            .map(|_| {
                let (world, client, proof) = (Arc::clone(&world), client.clone(), proof.clone());
                tokio::spawn(async move { token(&world, &client, &proof).await.status })
            })
            .collect();
        let mut answers = Vec::new();
        for task in tasks {
            answers.push(task.await.unwrap());
        }
        assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|status| **status == 400).count(), 49, "{answers:?}");
    })
    .await;
}

#[tokio::test]
async fn b63_strangers_make_nothing_be_remembered() {
    on_each(|world| async move {
        let (signer, client) = (Signer::new(), world.application(spa()).await);
        for form in [
            [("grant_type", "refresh_token"), ("refresh_token", "x")],
            [("grant_type", "authorization_code"), ("code", "x")],
        ] {
            let proof = signer.proof(&world, "/token");
            client.post_with(&world, "/token", &[(PROOF, &proof)], &form).await.refused(400, "invalid_grant");
        }
        let proof = at_userinfo(&world, &signer, "x", &json!({}));
        assert_eq!(userinfo(&world, "DPoP x", &[&proof]).await.status, 401);
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM used_jti").await, 0);
    })
    .await;
}

#[tokio::test]
async fn b64_b65_b66_userinfo_takes_a_bound_token_with_its_proof_alone() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(web()).await;
        let browser = signed_in(&world).await;
        let code = browser.code(&world, &client).await;
        let bound = client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await.member("access_token");
        let plain = browser.tokens(&world, &client).await.member("access_token");
        let dpop = format!("DPoP {bound}");
        let proof = |changes: Value| at_userinfo(&world, &signer, &bound, &changes);

        let right = proof(json!({}));
        let answer = userinfo(&world, &dpop, &[&right]).await;
        assert_eq!((answer.status, answer.header("dpop-nonce").is_some()), (200, true), "{}", answer.text());
        for scheme in ["dpop", "DPOP"] {
            let answer = userinfo(&world, &format!("{scheme} {bound}"), &[&proof(json!({}))]).await;
            assert_eq!(answer.status, 200, "A58");
        }
        for (authorization, proofs, error) in [
            // B66: neither goes by the other's scheme.
            (format!("Bearer {bound}"), vec![], "invalid_token"),
            (format!("Bearer {bound}"), vec![proof(json!({}))], "invalid_token"),
            (format!("DPoP {plain}"), vec![at_userinfo(&world, &signer, &plain, &json!({}))], "invalid_token"),
            // B64.
            (dpop.clone(), vec![], "invalid_dpop_proof"),
            (dpop.clone(), vec![proof(json!({ "ath": null }))], "invalid_dpop_proof"),
            (dpop.clone(), vec![proof(json!({ "ath": base64url(&sha256(b"x")) }))], "invalid_dpop_proof"),
            (dpop.clone(), vec![at_userinfo(&world, &other, &bound, &json!({}))], "invalid_token"),
            (dpop.clone(), vec![proof(json!({ "htm": "POST" }))], "invalid_dpop_proof"),
            (dpop.clone(), vec![proof(json!({ "htu": format!("{ISSUER}/token") }))], "invalid_dpop_proof"),
            // B65.
            (dpop.clone(), vec![proof(json!({})), proof(json!({}))], "invalid_dpop_proof"),
            // B63.
            (dpop.clone(), vec![right], "invalid_dpop_proof"),
        ] {
            let proofs: Vec<&str> = proofs.iter().map(String::as_str).collect();
            let answer = userinfo(&world, &authorization, &proofs).await;
            answer.refused(401, error);
            let scheme = authorization.split(' ').next().unwrap();
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with(scheme) && challenge.contains(error), "{challenge}");
        }
        let post = [("access_token", bound.as_str())];
        world.post("/userinfo", &[], &post).await.refused(401, "invalid_token");
        assert_eq!(userinfo(&world, &format!("Bearer {plain}"), &[]).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn b59_b68_the_refresh_token_of_who_keeps_no_secret_is_bound_to_its_key() {
    on_each(|mut world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(spa()).await;
        let browser = signed_in(&world).await;
        let code = browser.code(&world, &client).await;
        let first = client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await.member("refresh_token");
        client.refresh(&world, &first).await.refused(400, "invalid_grant");
        client.refresh_with(&world, &first, &other.proof(&world, "/token")).await.refused(400, "invalid_grant");
        world.restart().await;
        let second = client.refresh_with(&world, &first, &signer.proof(&world, "/token")).await;
        assert_eq!(second.member("token_type"), "DPoP");
        // B44: within the grace, too, and a thief's try ends nothing.
        client.refresh_with(&world, &first, &other.proof(&world, "/token")).await.refused(400, "invalid_grant");
        world.pass(30);
        client.refresh_with(&world, &first, &other.proof(&world, "/token")).await.refused(400, "invalid_grant");
        let second = second.member("refresh_token");
        assert_eq!(client.refresh_with(&world, &second, &signer.proof(&world, "/token")).await.status, 200);

        // A68: who proves itself may come with a new key.
        let client = world.application(web()).await;
        let code = browser.code(&world, &client).await;
        let tokens = client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await;
        let refreshed =
            client.refresh_with(&world, &tokens.member("refresh_token"), &other.proof(&world, "/token")).await;
        assert_eq!(claims(&refreshed.member("access_token"))["cnf"]["jkt"], json!(other.jkt()));
    })
    .await;
}

#[tokio::test]
async fn b68_a60_a_code_asked_for_with_a_key_is_given_to_its_holder_alone() {
    on_each(|world| async move {
        let (signer, other) = (Signer::new(), Signer::new());
        let client = world.application(spa()).await;
        let browser = signed_in(&world).await;
        let jkt = signer.jkt();
        let code = browser.code_with(&world, &client, &[("dpop_jkt", &jkt)]).await;
        client.redeem(&world, &code).await.refused(400, "invalid_grant");
        client.redeem_with(&world, &code, &other.proof(&world, "/token")).await.refused(400, "invalid_grant");
        assert_eq!(client.redeem_with(&world, &code, &signer.proof(&world, "/token")).await.status, 200);
        let answer = browser.get(&world, &client.authorize(&[("dpop_jkt", "short")])).await;
        answer.redirected_error("invalid_request");
    })
    .await;
}

#[tokio::test]
async fn b67_a_nonce_is_offered_checked_and_in_fapi2_demanded() {
    on_each(|mut world| async move {
        let signer = Signer::new();
        let client = world.application(machine()).await;
        let offered = token(&world, &client, &signer.proof(&world, "/token")).await;
        assert_eq!(offered.status, 200, "a nonce is not asked for");
        let nonce = offered.header("dpop-nonce").unwrap().to_owned();
        let with = |world: &World, nonce: &str| signer.proof_with(world, "/token", &json!({ "nonce": nonce }));
        world.restart().await;
        assert_eq!(token(&world, &client, &with(&world, &nonce)).await.status, 200, "also after a restart");
        for wrong in ["", "x", &"A".repeat(32), &nonce[1..]] {
            let answer = token(&world, &client, &with(&world, wrong)).await;
            answer.refused(400, "use_dpop_nonce");
            assert!(answer.header("dpop-nonce").is_some());
        }
        world.pass(301);
        let stale = token(&world, &client, &with(&world, &nonce)).await;
        stale.refused(400, "use_dpop_nonce");
        let fresh = stale.header("dpop-nonce").unwrap();
        assert_eq!(token(&world, &client, &with(&world, fresh)).await.status, 200);

        let key = Signer::new();
        let strict = world.application(fapi2(&key)).await;
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x")];
        let asked = strict.post_with(&world, "/token", &[(PROOF, &key.proof(&world, "/token"))], &form).await;
        asked.refused(400, "use_dpop_nonce");
        let nonce = asked.header("dpop-nonce").unwrap();
        let proof = key.proof_with(&world, "/token", &json!({ "nonce": nonce }));
        strict.post_with(&world, "/token", &[(PROOF, &proof)], &form).await.refused(400, "invalid_grant");
        strict.post(&world, "/token", &form).await.refused(400, "invalid_dpop_proof");
    })
    .await;
}

#[tokio::test]
async fn b67_pages_may_send_a_proof_and_read_the_nonce() {
    on_each(|world| async move {
        let client = world.application(spa()).await;
        let origin = (header::ORIGIN, "https://app.example");
        let method = (HeaderName::from_static("access-control-request-method"), "POST");
        for address in ["/token", "/par", "/userinfo"] {
            let asked =
                world.send(request(Method::OPTIONS, address, &[origin.clone(), method.clone()], String::new())).await;
            assert!(asked.header("access-control-allow-headers").unwrap().contains("dpop"), "{address}");
        }
        let proof = Signer::new().proof(&world, "/token");
        let form = [("grant_type", "refresh_token"), ("refresh_token", "x"), ("client_id", client.id.as_str())];
        let answer = world.post("/token", &[origin, (PROOF, &proof)], &form).await;
        assert!(answer.header("access-control-expose-headers").unwrap().contains("dpop-nonce"));
        assert!(answer.header("dpop-nonce").is_some(), "B67: also on a refusal");
    })
    .await;
}

#[tokio::test]
async fn b59_an_application_may_insist_on_bound_tokens() {
    on_each(|world| async move {
        let mut choice = machine();
        choice.preferences.dpop_bound_access_tokens = true;
        let client = world.application(choice).await;
        client.post(&world, "/token", &[GRANT]).await.refused(400, "invalid_dpop_proof");
        assert_eq!(token(&world, &client, &Signer::new().proof(&world, "/token")).await.status, 200);
    })
    .await;
}

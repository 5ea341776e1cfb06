//! `/.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.

use http::header;
use serde_json::Value;

use crate::support::world::on_each;
use crate::support::{ISSUER, World};

const ADDRESS: &str = "/.well-known/openid-configuration";

async fn document(world: &World) -> Value {
    world.get(ADDRESS, &[]).await.json()
}

#[tokio::test]
async fn a01_the_issuer_is_the_address_it_was_fetched_from() {
    on_each(|world| async move {
        let answer = world.get(ADDRESS, &[]).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.json()["issuer"], ISSUER);
    })
    .await;
}

#[tokio::test]
async fn a02_a03_required_members_are_there_and_every_address_is_ours() {
    on_each(|world| async move {
        let document = document(&world).await;
        let list = |name: &str| document[name].as_array().unwrap_or_else(|| panic!("{name}")).clone();
        assert_eq!(list("response_types_supported"), ["code"]);
        assert_eq!(list("subject_types_supported"), ["public", "pairwise"]);
        assert_eq!(list("id_token_signing_alg_values_supported")[0], "RS256");
        assert!(list("scopes_supported").contains(&"openid".into()));
        assert!(!list("claims_supported").is_empty());
        assert_eq!(list("ui_locales_supported"), ["en", "nl"]);
        let addresses: Vec<_> = document
            .as_object()
            .unwrap()
            .iter()
            .filter(|(n, _)| n.ends_with("_endpoint") || n.ends_with("_uri"))
            .collect();
        assert!(addresses.len() >= 7);
        for (name, address) in addresses {
            let address = address.as_str().unwrap();
            assert!(address.starts_with(&format!("{ISSUER}/")) && !address.contains('#'), "{name}: {address}");
        }
    })
    .await;
}

#[tokio::test]
async fn a04_a11_nothing_is_advertised_that_is_refused_and_none_is_never_offered() {
    on_each(|world| async move {
        let document = document(&world).await;
        for name in ["request_uri_parameter_supported", "require_pushed_authorization_requests"] {
            assert_eq!(document[name], false, "{name}: what is left out has a surprising default");
        }
        assert_eq!(document["response_modes_supported"], serde_json::json!(["query", "form_post"]));
        assert!(
            !document.to_string().contains("\"none\"")
                || document["prompt_values_supported"].to_string().contains("none")
        );
        assert!(!document["id_token_signing_alg_values_supported"].to_string().contains("none"));
        for name in ["registration_endpoint", "check_session_iframe"] {
            assert_eq!(document[name], Value::Null, "{name} does not exist");
        }
    })
    .await;
}

#[tokio::test]
async fn b32_only_s256_is_published() {
    on_each(|world| async move {
        assert_eq!(document(&world).await["code_challenge_methods_supported"], serde_json::json!(["S256"]));
    })
    .await;
}

#[tokio::test]
async fn a42_the_end_session_endpoint_is_listed() {
    on_each(|world| async move {
        assert_eq!(document(&world).await["end_session_endpoint"], format!("{ISSUER}/end_session"));
    })
    .await;
}

#[tokio::test]
async fn b51_b52_both_documents_agree_and_announce_iss_in_answers() {
    on_each(|world| async move {
        let other = world.get("/.well-known/oauth-authorization-server", &[]).await;
        assert_eq!((other.status, other.json()), (200, document(&world).await));
        assert_eq!(other.json()["authorization_response_iss_parameter_supported"], true);
    })
    .await;
}

#[tokio::test]
async fn f06_the_documents_may_be_kept_for_minutes_and_asked_about_by_etag() {
    on_each(|world| async move {
        for address in [ADDRESS, "/jwks.json"] {
            let first = world.get(address, &[]).await;
            assert_eq!(first.header("cache-control"), Some("public, max-age=300"), "{address}");
            let again = world.get(address, &[(header::IF_NONE_MATCH, first.header("etag").unwrap())]).await;
            assert_eq!((again.status, again.body.len()), (304, 0));
        }
    })
    .await;
}

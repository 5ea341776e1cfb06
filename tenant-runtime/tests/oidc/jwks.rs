//! `/jwks.json`.

use std::collections::BTreeSet;

use polder_kernel::encoding::from_base64url;

use crate::support::client::web;
use crate::support::token::{header, verified};
use crate::support::world::on_each;

#[tokio::test]
async fn a05_only_public_halves_are_published_each_with_its_own_kid() {
    on_each(|world| async move {
        let keys = world.get("/jwks.json", &[]).await.json()["keys"].as_array().unwrap().clone();
        let algorithms: BTreeSet<_> = keys.iter().map(|key| key["alg"].as_str().unwrap().to_owned()).collect();
        assert_eq!(algorithms, ["ES256", "EdDSA", "RS256"].map(str::to_owned).into());
        let kids: BTreeSet<_> = keys.iter().map(|key| key["kid"].as_str().unwrap()).collect();
        assert_eq!(kids.len(), keys.len());
        for key in &keys {
            for private in ["d", "p", "q", "dp", "dq", "qi", "k", "oth"] {
                assert!(key.get(private).is_none(), "{private} in {key}");
            }
            assert_eq!(key["use"], "sig");
            for number in ["n", "e", "x", "y"].iter().filter_map(|name| key[*name].as_str()) {
                assert!(from_base64url(number).is_some(), "{number} is unpadded base64url");
            }
            if key["alg"] == "RS256" {
                assert_eq!(from_base64url(key["n"].as_str().unwrap()).unwrap().len(), 384, "3072 bits");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a10_an_application_that_says_nothing_gets_rs256_with_a_published_kid() {
    on_each(|world| async move {
        let mut choice = web();
        choice.id_token_alg = None;
        let client = world.application(choice).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let token = browser.tokens(&world, &client).await.member("id_token");
        assert_eq!(header(&token)["alg"], "RS256");
        verified(&world, &token).await;
    })
    .await;
}

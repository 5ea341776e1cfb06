//! Providers that speak OAuth 2 and say who signed in at an address of their own.

use polder_tenant_api::connections::{ClaimNames, ConnectionConfiguration, Endpoints, Provider};
use serde_json::{Value, json};

use crate::connections::stage::{Stage, add};
use crate::connections::upstream::Upstream;
use crate::support::World;
use crate::support::client::web;
use crate::support::world::on_each;

async fn set(world: World) -> Stage {
    let upstream = Upstream::start(3).await;
    let at = |path: &str| format!("{}{path}", upstream.issuer);
    let endpoints =
        Endpoints { authorization: at("/authorize"), token: at("/token"), userinfo: at("/userinfo"), revocation: None };
    let claims = ClaimNames { subject: "id".into(), email: "mail".into(), ..ClaimNames::default() };
    let configuration = ConnectionConfiguration {
        endpoints: Some(endpoints),
        claims: Some(claims),
        ..ConnectionConfiguration::default()
    };
    let connection = add(&world, Provider::Oauth2, configuration).await;
    let client = world.application(web()).await;
    Stage { world, client, upstream, connection }
}

async fn back(stage: &Stage, browser: &crate::support::Browser, userinfo: Value) -> (crate::support::Answer, String) {
    let begun = stage.begin(browser).await;
    assert!(begun.nonce.is_empty(), "OAuth 2 has no nonce");
    stage.upstream.set(|mood| {
        mood.userinfo = userinfo;
        mood.token = json!({ "id_token": null });
    });
    let target = stage.callback_of(&stage.connection, &[("code", "c-1"), ("state", &begun.state)]);
    (browser.get(&stage.world, &target).await, begun.flow)
}

#[tokio::test]
async fn b100_an_oauth_account_is_known_by_its_number_not_by_what_it_is_called() {
    on_each(|world| async move {
        let stage = set(world).await;
        stage.world.user("ann@example.test").await;
        let browser = stage.world.browser();
        let ann = json!({ "id": 42, "mail": "ann@example.test", "email_verified": true, "name": "Ann" });
        let (answer, flow) = back(&stage, &browser, ann).await;
        stage.nobody(&answer, &browser);
        stage.prove(&browser, &flow, "ann@example.test").await;
        let page = browser.get(&stage.world, &flow).await;
        crate::connections::stage::submit(&stage.world, &browser, &page, "connect-form", &[]).await;
        assert_eq!(stage.connected().await, 1);
        let other = stage.world.browser();
        let (answer, _) = back(&stage, &other, json!({ "id": 42, "mail": "else@example.test" })).await;
        assert!(answer.parameter("code").is_some(), "the same number is the same person");
        for stranger in
            [json!({ "id": 43, "mail": "ann@example.test" }), json!({ "id": "042" }), json!({ "mail": "x@y.test" })]
        {
            let other = stage.world.browser();
            let (answer, _) = back(&stage, &other, stranger).await;
            stage.nobody(&answer, &other);
        }
    })
    .await;
}

#[tokio::test]
async fn b38_the_code_is_redeemed_with_the_verifier_and_our_address() {
    on_each(|world| async move {
        let stage = set(world).await;
        let browser = stage.world.browser();
        back(&stage, &browser, json!({ "id": 1 })).await;
        let body = stage.upstream.mood.lock().unwrap().redeemed.clone();
        assert!(body.contains("code_verifier=") && body.contains("redirect_uri="), "{body}");
        // A verifier that is another's is refused by the provider, and nobody is signed in.
        let begun = stage.begin(&browser).await;
        stage.upstream.set(|mood| mood.challenge = "another".into());
        let target = stage.callback_of(&stage.connection, &[("code", "c-1"), ("state", &begun.state)]);
        assert_eq!(browser.get(&stage.world, &target).await.status, 403);
    })
    .await;
}

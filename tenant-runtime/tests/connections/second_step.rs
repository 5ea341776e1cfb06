//! The second step of a person is asked for whatever proved the first, a provider's word as well (D13).

use serde_json::{Value, json};

use crate::connections::stage::{Begun, Stage, form, submit};
use crate::support::world::on_each;
use crate::support::{Answer, Browser};

const ANN: &str = "ann@example.test";

/// Goes to the provider and back, where it vouches for this subject.
async fn back(stage: &Stage, browser: &Browser, subject: &str, claims: &Value) -> (Begun, Answer) {
    let begun = stage.begin(browser).await;
    stage.vouch(&begun, subject, claims);
    let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
    (begun, answer)
}

/// What the tokens of a finished sign-in say of it.
async fn said(stage: &Stage, answer: &Answer) -> (Value, Value) {
    let code = answer.parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.text()));
    let tokens = stage.client.redeem(&stage.world, &code).await;
    let claims = crate::support::token::claims(&tokens.member("id_token"));
    (claims["amr"].clone(), claims["acr"].clone())
}

#[tokio::test]
async fn p4_d13_a_providers_word_does_not_go_around_the_second_step() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        let secret = stage.authenticator_app(ann).await;
        let before = stage.sessions().await;
        let browser = stage.world.browser();
        // A second factor the provider speaks of is not believed unless the connection says so.
        let (begun, answer) = back(&stage, &browser, "ann-there", &json!({ "amr": ["pwd", "mfa"] })).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()));
        stage.nobody(&answer, &browser);
        let page = browser.get(&stage.world, &begun.flow).await;
        assert!(form(&page, "totp-form").is_some(), "{}", page.text());
        stage.nobody(&page, &browser);
        assert_eq!(stage.sessions().await, before, "no session before the second step");
        // Neither the application's request nor the same answer again finds a way around it.
        stage.nobody(&browser.get(&stage.world, &stage.callback(&begun)).await, &browser);
        let silent = browser.get(&stage.world, &stage.client.authorize(&[("prompt", "none")])).await;
        assert_eq!(silent.parameter("error").as_deref(), Some("login_required"));
        let wrong = submit(&stage.world, &browser, &page, "totp-form", &[("code", "000000")]).await;
        assert_eq!(wrong.status, 422);
        stage.nobody(&wrong, &browser);
        let answer = submit(&stage.world, &browser, &page, "totp-form", &[("code", &stage.app_code(&secret))]).await;
        assert_eq!(said(&stage, &answer).await, (json!(["fed", "otp", "mfa"]), json!("urn:polder:acr:mfa")));
        assert_eq!(stage.sessions().await, before + 1);
    })
    .await;
}

#[tokio::test]
async fn d13_a_second_factor_of_the_provider_counts_where_the_connection_says_so() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.trust_second_factor = true).await;
        let ann = stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        stage.authenticator_app(ann).await;
        let (_, answer) = back(&stage, &stage.world.browser(), "ann-there", &json!({ "amr": ["pwd", "mfa"] })).await;
        assert_eq!(said(&stage, &answer).await, (json!(["fed", "mfa"]), json!("urn:polder:acr:mfa")));
        // Without one there, it is asked for here.
        let browser = stage.world.browser();
        let (begun, answer) = back(&stage, &browser, "ann-there", &json!({ "amr": ["pwd"] })).await;
        stage.nobody(&answer, &browser);
        assert!(form(&browser.get(&stage.world, &begun.flow).await, "totp-form").is_some());
    })
    .await;
}

#[tokio::test]
async fn d13_what_userinfo_says_of_a_second_factor_counts_for_nothing() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.trust_second_factor = true).await;
        stage.world.user(ANN).await;
        stage.connect(ANN, "ann-there").await;
        stage.upstream.set(|mood| {
            mood.userinfo = json!({ "sub": "ann-there", "amr": ["mfa"], "email": "ann-there@upstream.example" });
        });
        let (_, answer) = back(&stage, &stage.world.browser(), "ann-there", &json!({ "email": null })).await;
        assert_eq!(stage.upstream.heard("/userinfo"), 1);
        assert_eq!(said(&stage, &answer).await, (json!(["fed"]), json!("urn:polder:acr:connection")));
    })
    .await;
}

#[tokio::test]
async fn b100_d13_an_account_is_connected_only_after_the_second_step() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user(ANN).await;
        let secret = stage.authenticator_app(ann).await;
        let browser = stage.world.browser();
        let (begun, _) = back(&stage, &browser, "ann-there", &json!({})).await;
        let page = browser.get(&stage.world, &begun.flow).await;
        let (_, leave) = form(&page, "leave-form").unwrap();
        let answer = stage.prove(&browser, &begun.flow, ANN).await;
        stage.nobody(&answer, &browser);
        let page = browser.get(&stage.world, &begun.flow).await;
        assert!(form(&page, "totp-form").is_some() && form(&page, "connect-form").is_none(), "{}", page.text());
        // Saying yes now, with whatever account, connects nothing.
        let mut fields: Vec<_> = leave.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        fields.retain(|(name, _)| *name != "answer");
        fields.extend([("answer", "yes"), ("account", "x")]);
        assert_eq!(browser.post(&stage.world, "/signin/connect", &fields).await.status, 400);
        assert_eq!((stage.connected().await, stage.sessions().await), (0, 0));
        let answer = submit(&stage.world, &browser, &page, "totp-form", &[("code", &stage.app_code(&secret))]).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "{}", answer.text());
        assert_eq!(stage.connected().await, 0, "nothing is connected before the person says so");
        let page = browser.get(&stage.world, &begun.flow).await;
        let answer = submit(&stage.world, &browser, &page, "connect-form", &[]).await;
        assert_eq!(said(&stage, &answer).await, (json!(["otp", "mfa"]), json!("urn:polder:acr:mfa")));
        assert_eq!(stage.connected().await, 1);
    })
    .await;
}

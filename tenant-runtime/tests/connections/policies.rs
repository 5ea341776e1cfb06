//! What a tenant asks of sign-ins, where a provider vouches for somebody: one factor, and the least of them (D13).

use polder_tenant_api::{PasskeyPolicy, SecondFactorPolicy, Settings};
use serde_json::json;

use crate::connections::stage::{Begun, Stage, form};
use crate::support::world::on_each;
use crate::support::{Answer, Browser};

const ANN: &str = "ann@example.test";

/// A provider whose second factor counts here or does not, and Ann's account there.
async fn connected(world: crate::support::World, trusted: bool) -> Stage {
    let stage = Stage::set_as(world, |it| it.trust_second_factor = trusted).await;
    stage.world.user(ANN).await;
    stage.connect(ANN, "ann-there").await;
    stage
}

fn choose(stage: &Stage, change: impl FnOnce(&mut Settings)) {
    let mut settings = (*stage.world.app.tenant.current()).clone();
    change(&mut settings);
    stage.world.app.tenant.replace(settings);
}

/// Goes to the provider, which vouches for Ann, and back.
async fn back(stage: &Stage, browser: &Browser, changes: &[(&str, &str)], amr: &[&str]) -> (Begun, Answer) {
    let begun = stage.begin_at(browser, &stage.connection, changes).await;
    stage.vouch(&begun, "ann-there", &json!({ "amr": amr }));
    let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
    (begun, answer)
}

#[tokio::test]
async fn d13_where_more_is_required_a_providers_word_opens_nothing_and_the_address_comes_first() {
    on_each(|world| async move {
        let stage = connected(world, false).await;
        choose(&stage, |settings| settings.second_factor = SecondFactorPolicy::Required);
        let browser = stage.world.browser();
        let (begun, answer) = back(&stage, &browser, &[], &["pwd", "mfa"]).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "{}", answer.text());
        let page = browser.get(&stage.world, &begun.flow).await;
        assert!(form(&page, "email-form").is_some() && form(&page, "app-form").is_none(), "{}", page.text());
        let silent = browser.get(&stage.world, &stage.client.authorize(&[("prompt", "none")])).await;
        assert!(silent.parameter("code").is_none() && silent.parameter("error").is_some(), "{}", silent.text());
        let account = browser.get(&stage.world, "/account").await;
        assert!(
            account.status == 303 && !account.header("location").unwrap().contains("/account"),
            "{}",
            account.text()
        );
        // The address proved, a factor can be made.
        stage.prove(&browser, &begun.flow, ANN).await;
        let page = browser.get(&stage.world, &begun.flow).await;
        assert!(form(&page, "app-form").is_some(), "{}", page.text());
    })
    .await;
}

#[tokio::test]
async fn d13_a_trusted_second_factor_elsewhere_is_enough_for_two_factors_and_not_for_a_passkey() {
    on_each(|world| async move {
        let stage = connected(world, true).await;
        choose(&stage, |settings| settings.second_factor = SecondFactorPolicy::Required);
        let (_, answer) = back(&stage, &stage.world.browser(), &[], &["pwd", "mfa"]).await;
        assert!(answer.parameter("code").is_some(), "{}", answer.text());
        let browser = stage.world.browser();
        let (begun, answer) = back(&stage, &browser, &[], &["pwd"]).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "one factor there is one factor here");
        choose(&stage, |settings| settings.passkeys = PasskeyPolicy::Required);
        let browser = stage.world.browser();
        let (begun, answer) = back(&stage, &browser, &[], &["pwd", "mfa"]).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "{}", answer.text());
        assert!(form(&browser.get(&stage.world, &begun.flow).await, "totp-form").is_none());
    })
    .await;
}

#[tokio::test]
async fn b86_who_asks_for_a_proved_address_gets_more_than_a_providers_word() {
    on_each(|world| async move {
        let stage = connected(world, false).await;
        let browser = stage.world.browser();
        let wish = [("acr_values", "urn:polder:acr:email")];
        let (begun, answer) = back(&stage, &browser, &wish, &["pwd"]).await;
        assert_eq!(answer.header("location"), Some(begun.flow.as_str()), "{}", answer.text());
        let answer = stage.prove(&browser, &begun.flow, ANN).await;
        let code = answer.parameter("code").unwrap_or_else(|| panic!("no code: {}", answer.text()));
        let tokens = stage.client.redeem(&stage.world, &code).await;
        let claims = crate::support::token::claims(&tokens.member("id_token"));
        assert_eq!(claims["acr"], json!("urn:polder:acr:email"));
    })
    .await;
}

#[tokio::test]
async fn d13_a_stricter_rule_holds_for_codes_and_refresh_tokens_that_a_provider_vouched_for() {
    on_each(|world| async move {
        let stage = connected(world, false).await;
        let browser = stage.world.browser();
        let (_, answer) = back(&stage, &browser, &[], &["pwd"]).await;
        let tokens = stage.client.redeem(&stage.world, &answer.parameter("code").unwrap()).await;
        let refreshed = stage.client.refresh(&stage.world, &tokens.member("refresh_token")).await;
        assert_eq!(refreshed.status, 200, "{}", refreshed.text());
        let (_, waiting) = back(&stage, &stage.world.browser(), &[], &["pwd"]).await;
        choose(&stage, |settings| settings.second_factor = SecondFactorPolicy::Required);
        let refused = stage.client.refresh(&stage.world, &refreshed.member("refresh_token")).await;
        refused.refused(400, "invalid_grant");
        let refused = stage.client.redeem(&stage.world, &waiting.parameter("code").unwrap()).await;
        refused.refused(400, "invalid_grant");
    })
    .await;
}

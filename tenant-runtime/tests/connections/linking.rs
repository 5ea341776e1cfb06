//! Who a provider's word signs in: whom it was connected to, and nobody else (B100).

use polder_tenant_api::SignUp;
use serde_json::json;

use crate::connections::stage::{Stage, form, submit};
use crate::support::world::on_each;

#[tokio::test]
async fn b100_an_address_of_a_person_opens_nothing_verified_or_not() {
    on_each(|world| async move {
        // The provider is even the authority for the victim's domain.
        let stage = Stage::set_as(world, |it| it.email_domains = vec!["example.test".into()]).await;
        stage.world.user("victim@example.test").await;
        for verified in [json!(true), json!("true"), json!(false), json!(null)] {
            let browser = stage.world.browser();
            let begun = stage.begin(&browser).await;
            stage.vouch(&begun, "evil", &json!({ "email": "victim@example.test", "email_verified": verified }));
            let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
            stage.nobody(&answer, &browser);
            // What is asked for is what they always do.
            let page = browser.get(&stage.world, &begun.flow).await;
            assert!(form(&page, "email-form").is_some() && form(&page, "connect-form").is_none());
            // Nor does pressing on connect anything.
            let (_, mut fields) = form(&page, "leave-form").unwrap();
            fields.retain(|(name, _)| name != "answer");
            let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            fields.extend([("answer", "yes"), ("account", "x")]);
            assert_eq!(browser.post(&stage.world, "/signin/connect", &fields).await.status, 400);
            assert_eq!(stage.connected().await, 0);
        }
    })
    .await;
}

#[tokio::test]
async fn b100_after_a_code_the_account_is_connected_if_the_person_says_so() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        let browser = stage.world.browser();
        let flow = stage.sign_in(&browser, "ann-there").await.header("location").unwrap().to_owned();
        let page = browser.get(&stage.world, &flow).await;
        assert!(page.text().contains("ann-there@upstream.example"), "the page says which account waits");
        stage.prove(&browser, &flow, "ann@example.test").await;
        let page = browser.get(&stage.world, &flow).await;
        assert!(page.text().contains("ann@example.test") && page.text().contains("ann-there@upstream.example"));
        // Pressed for another account or person it counts for nothing.
        let (action, mut fields) = form(&page, "connect-form").unwrap();
        for (name, value) in &mut fields {
            if name == "account" {
                *value = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
            }
        }
        let fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(browser.post(&stage.world, &action, &fields).await.status, 400);
        assert_eq!(stage.connected().await, 0);
        let answer = submit(&stage.world, &browser, &page, "connect-form", &[]).await;
        assert!(answer.parameter("code").is_some());
        assert_eq!(stage.connected().await, 1);
        // From now on the account is enough, and the log says how it was.
        let other = stage.world.browser();
        let answer = stage.sign_in(&other, "ann-there").await;
        let tokens = stage.client.redeem(&stage.world, &answer.parameter("code").unwrap()).await;
        let claims = crate::support::token::claims(&tokens.member("id_token"));
        assert_eq!(claims["amr"], json!(["fed"]));
        assert_eq!(claims["acr"], "urn:polder:acr:connection");
    })
    .await;
}

#[tokio::test]
async fn b100_whoever_would_rather_not_connect_goes_on_without() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        let browser = stage.world.browser();
        let flow = stage.sign_in(&browser, "ann-there").await.header("location").unwrap().to_owned();
        stage.prove(&browser, &flow, "ann@example.test").await;
        let page = browser.get(&stage.world, &flow).await;
        let answer = submit(&stage.world, &browser, &page, "leave-form", &[]).await;
        assert!(answer.parameter("code").is_some());
        assert_eq!(stage.connected().await, 0);
    })
    .await;
}

#[tokio::test]
async fn b100_a_session_from_before_proves_nothing_for_connecting() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user("ann@example.test").await;
        let browser = stage.world.browser();
        browser.sign_in(&stage.world, ann).await;
        // Signed in on a shared device, and somebody else goes to the provider.
        let flow = browser.get(&stage.world, &stage.client.authorize(&[("prompt", "select_account")])).await;
        let flow = flow.header("location").unwrap().to_owned();
        let begun = stage.go_on(&browser, &stage.connection, flow.clone()).await;
        stage.vouch(&begun, "evil", &json!({}));
        browser.get(&stage.world, &stage.callback(&begun)).await;
        let page = browser.get(&stage.world, &flow).await;
        assert!(form(&page, "email-form").is_some() && form(&page, "connect-form").is_none(), "{}", page.text());
        assert_eq!(stage.connected().await, 0);
    })
    .await;
}

#[tokio::test]
async fn b100_one_account_does_not_prove_for_another() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let browser = stage.world.browser();
        // Signs in by the connected account, but the application asks for a choice, so the flow goes on …
        let flow = browser.get(&stage.world, &stage.client.authorize(&[])).await.header("location").unwrap().to_owned();
        let first = stage.go_on(&browser, &stage.connection, flow.clone()).await;
        let second = stage.go_on(&browser, &stage.connection, flow.clone()).await;
        assert_ne!(first.state, second.state);
        stage.vouch(&second, "ann-there", &json!({}));
        let answer = browser.get(&stage.world, &stage.callback(&second)).await;
        assert!(answer.parameter("code").is_some());
        // … and the flow's cookie, rolled back, with another account at the provider, connects nothing.
        assert_eq!(stage.connected().await, 1);
    })
    .await;
}

#[tokio::test]
async fn b100_a_new_person_is_made_where_the_provider_gives_the_address_out() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.email_domains = vec!["upstream.example".into()]).await;
        let browser = stage.world.browser();
        let answer = stage.sign_in(&browser, "new").await;
        assert!(answer.parameter("code").is_some(), "{}", answer.text());
        assert_eq!((stage.people().await, stage.connected().await), (1, 1));
        // Not where the provider does not say that it is proved.
        let other = stage.world.browser();
        let begun = stage.begin(&other).await;
        stage.vouch(&begun, "newer", &json!({ "email_verified": false }));
        let answer = other.get(&stage.world, &stage.callback(&begun)).await;
        stage.nobody(&answer, &other);
        assert_eq!(stage.people().await, 1);
    })
    .await;
}

#[tokio::test]
async fn d10_where_sign_up_is_closed_a_provider_makes_nobody() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.email_domains = vec!["upstream.example".into()]).await;
        let mut settings = (*stage.world.app.tenant.current()).clone();
        for (sign_up, domains) in [(SignUp::Closed, &[][..]), (SignUp::Domains, &["elsewhere.example"][..])] {
            settings.sign_up = sign_up;
            settings.sign_up_domains = domains.iter().map(|domain| (*domain).to_owned()).collect();
            stage.world.app.tenant.replace(settings.clone());
            let browser = stage.world.browser();
            let answer = stage.sign_in(&browser, "new").await;
            stage.nobody(&answer, &browser);
            assert_eq!(stage.people().await, 0);
        }
        settings.sign_up_domains.push("upstream.example".to_owned());
        stage.world.app.tenant.replace(settings);
        stage.sign_in(&stage.world.browser(), "new").await;
        assert_eq!(stage.people().await, 1, "at a domain that may");
    })
    .await;
}

#[tokio::test]
async fn b100_a_stopped_person_is_not_signed_in_by_a_provider() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        stage.world.set_disabled(ann, true).await;
        let browser = stage.world.browser();
        let answer = stage.sign_in(&browser, "ann-there").await;
        assert_eq!(answer.status, 403);
        stage.nobody(&answer, &browser);
    })
    .await;
}

#[tokio::test]
async fn k5_a_second_factor_of_a_provider_counts_where_it_is_trusted() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.trust_second_factor = true).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        for (amr, acr) in [(json!(["pwd"]), "connection"), (json!(["pwd", "mfa"]), "mfa"), (json!("mfa"), "connection")]
        {
            let browser = stage.world.browser();
            let begun = stage.begin(&browser).await;
            stage.vouch(&begun, "ann-there", &json!({ "amr": amr }));
            let answer = browser.get(&stage.world, &stage.callback(&begun)).await;
            if amr == json!("mfa") {
                // A text is no list: the library refuses what is not of the standard's shape.
                stage.nobody(&answer, &browser);
                continue;
            }
            let tokens = stage.client.redeem(&stage.world, &answer.parameter("code").unwrap()).await;
            let claims = crate::support::token::claims(&tokens.member("id_token"));
            assert_eq!(claims["acr"], format!("urn:polder:acr:{acr}"));
        }
    })
    .await;
}

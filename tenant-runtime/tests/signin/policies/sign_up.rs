//! Who may make an account (D10, D11).

use serde_json::json;

use super::choose;
use crate::admin::caller::call;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Tenant, person};

#[tokio::test]
async fn d10_d11_strangers_sign_up_from_the_domains_that_may_and_nobody_can_tell_which() {
    let tenant = Tenant::start().await;
    tenant.person(person("old@elsewhere.test", Some("Old"), &[])).await;
    choose(&tenant, json!({ "sign_up": "domains", "sign_up_domains": ["Acme.Example", "bücher.example"] })).await;
    let mut pages = Vec::new();
    for (address, mailed) in [
        ("new@acme.example", true),
        ("NEW2@ACME.example", true),
        ("new@bücher.example", true),
        ("old@elsewhere.test", true),
        ("new@elsewhere.test", false),
        ("new@sub.acme.example", false),
        ("new@notacme.example", false),
        ("new@acme.example.evil.test", false),
    ] {
        let mut browser = Browser::default();
        let page = browser.ask_for_code(&tenant, address).await;
        assert!(page.status == 200 && has_form(&page, "code-form"), "{address}");
        pages.push((page.status, page.headers.keys().map(ToString::to_string).collect::<Vec<_>>()));
        let canonical = address.to_lowercase().replace("bücher", "xn--bcher-kva");
        let code = tenant.code_for(&canonical).await;
        assert_eq!(code.is_some(), mailed, "{address}");
        let typed = code.unwrap_or_else(|| "00000000".to_owned());
        let answer = browser.post(&tenant, &form(&page, "code-form"), &[("code", &typed)]).await;
        assert_eq!(answer.status == 303, mailed, "{address}");
    }
    assert!(pages.windows(2).all(|pair| pair[0] == pair[1]), "{pages:?}");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 4);
}

#[tokio::test]
async fn d10_a_domain_that_is_taken_off_the_list_while_a_code_is_under_way_signs_nobody_up() {
    let tenant = Tenant::start().await;
    choose(&tenant, json!({ "sign_up": "domains", "sign_up_domains": ["acme.example"] })).await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "new@acme.example").await;
    let code = tenant.code_for("new@acme.example").await.unwrap();
    choose(&tenant, json!({ "sign_up_domains": ["example.org"] })).await;
    assert_eq!(browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 422);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 0);
    choose(&tenant, json!({ "sign_up": "closed" })).await;
    tenant.person(person("added@nowhere.test", None, &[])).await;
    assert!(has_code(&Browser::default().sign_in(&tenant, "added@nowhere.test").await), "by invitation");
}

#[tokio::test]
async fn d11_a_list_of_domains_is_one_of_domains() {
    let tenant = Tenant::start().await;
    for wrong in [
        json!({ "sign_up": "domains" }),
        json!({ "sign_up": "domains", "sign_up_domains": [] }),
        json!({ "sign_up_domains": ["@acme.example"] }),
        json!({ "sign_up_domains": ["*.acme.example"] }),
        json!({ "sign_up_domains": ["a b"] }),
        json!({ "sign_up_domains": vec!["acme.example"; 101] }),
    ] {
        assert_eq!(call(&tenant, "PATCH", "/settings", Some(wrong.clone())).await.0, 422, "{wrong}");
    }
    choose(&tenant, json!({ "sign_up_domains": ["ACME.example "] })).await;
    let (_, settings) = call(&tenant, "GET", "/settings", None).await;
    assert_eq!((&settings["sign_up_domains"], &settings["sign_up"]), (&json!(["acme.example"]), &json!("open")));
}

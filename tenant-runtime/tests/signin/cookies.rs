//! Cookies: their flags, hostile jars, and flows that do not mix (E01, E06, P9).

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::Tenant;

#[tokio::test]
async fn e01_p9_every_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let first =
        browser.get(&tenant, &crate::browser::authorize_url(&tenant.client_id, crate::tenant::CALLBACK, "")).await;
    let page = browser.follow(&tenant, first.clone()).await;
    let page = browser.type_address(&tenant, &page, "ann@example.test").await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    let last = browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    let cookies = [first.cookies(), last.cookies()].concat();
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-session=")));
    assert!(cookies.iter().any(|cookie| cookie.starts_with("__Host-flow-")));
    for cookie in cookies {
        for flag in ["; HttpOnly", "; Secure", "; Path=/", "; SameSite=Lax"] {
            assert!(cookie.contains(flag), "{flag} is missing");
        }
        assert!(cookie.starts_with("__Host-") && !cookie.contains("Domain") && cookie.len() <= 4096);
    }
}

#[tokio::test]
async fn e01_an_http_issuer_has_plain_names_that_browsers_accept() {
    let tenant = Tenant::start_as("http://practice.localhost:8600").await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(&tenant, "ann@example.test").await));
    assert!(browser.cookies.contains_key("session"));
}

#[tokio::test]
async fn e06_hostile_jars_are_no_sign_in_and_no_failure() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    ann.sign_in(&tenant, "ann@example.test").await;
    let right = ann.session().unwrap().to_owned();
    let many: String = (0..400).map(|n| format!("x{n}=y; ")).collect();
    for jar in [
        format!("__Host-session={right}; __Host-session=evil"),
        format!("__Host-session=evil; __Host-session={right}"),
        format!("session={right}"),
        "__Host-session=".to_owned(),
        format!("__Host-session={}", "a".repeat(5000)),
        "__Host-session=\u{1}\u{2}".replace(['\u{1}', '\u{2}'], "%00"),
        "__Host-flow-AAAAAAAA=1.AAAA; __Host-flow-BBBBBBBB=garbage".to_owned(),
        many,
    ] {
        let mut eve = Browser::default();
        eve.headers.push(("cookie".to_owned(), jar.clone()));
        let page = eve.authorize(&tenant, "").await;
        assert!(page.status < 500 && !has_code(&page), "{jar}");
    }
}

#[tokio::test]
async fn b98_the_cookie_of_one_flow_does_not_open_another() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let one = browser.authorize(&tenant, "").await;
    let two = browser.authorize(&tenant, "&login_hint=two").await;
    let flows: Vec<(String, String)> = browser.flows().collect();
    assert_eq!(flows.len(), 2);
    // Swapped values: the seal belongs to the name.
    browser.cookies = [(flows[0].0.clone(), flows[1].1.clone()), (flows[1].0.clone(), flows[0].1.clone())].into();
    for page in [&one, &two] {
        let answer = browser.post(&tenant, &form(page, "email-form"), &[("email", "ann@example.test")]).await;
        assert_eq!(answer.status, 400);
    }
    assert!(tenant.mails().await.is_empty());
}

#[tokio::test]
async fn four_sign_ins_wait_at_most_and_the_oldest_goes() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let oldest = browser.authorize(&tenant, "").await;
    let mut newest = oldest.clone();
    for _ in 0..6 {
        tenant.advance(1);
        newest = browser.authorize(&tenant, "").await;
        assert!(browser.flows().count() <= 4);
    }
    let gone = browser.post(&tenant, &form(&oldest, "email-form"), &[("email", "ann@example.test")]).await;
    assert_eq!(gone.status, 400);
    let page = browser.type_address(&tenant, &newest, "ann@example.test").await;
    assert!(has_form(&page, "code-form"));
}

#[tokio::test]
async fn a_sign_in_waits_an_hour_and_no_longer() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    tenant.advance(3599);
    assert_eq!(browser.post(&tenant, &form(&page, "email-form"), &[("email", "a@example.test")]).await.status, 303);
    tenant.advance(1);
    let late = browser.post(&tenant, &form(&page, "email-form"), &[("email", "b@example.test")]).await;
    assert_eq!(late.status, 400);
}

#[tokio::test]
async fn a_request_too_large_for_a_cookie_waits_in_a_sealed_row() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let state = "s".repeat(3500);
    let url = crate::browser::authorize_url(&tenant.client_id, crate::tenant::CALLBACK, "");
    let url = url.replace("the-state", &state);
    let answer = browser.get(&tenant, &url).await;
    assert!(answer.cookies().iter().all(|cookie| cookie.len() < 3200));
    let page = browser.follow(&tenant, answer).await;
    let answer = browser.finish(&tenant, page, "ann@example.test").await;
    assert!(has_code(&answer) && answer.location().contains(&state));
}

//! Forms that are not ours (E07, E08, E09, B41, B02).

use axum::body::Body;
use axum::extract::Request;

use crate::browser::{Browser, Form, form};
use crate::tenant::{Answer, ISSUER, Tenant};

const FORMS: [&str; 7] = ["email", "code", "resend", "name", "continue", "switch", "cancel"];

async fn ready(tenant: &Tenant) -> (Browser, Form) {
    let mut browser = Browser::default();
    let page = browser.ask_for_code(tenant, "ann@example.test").await;
    (browser, form(&page, "code-form"))
}

async fn send(tenant: &Tenant, browser: &Browser, form: &Form, says: &[(&str, &str)]) -> Answer {
    let mut request: Request = browser.form(tenant, form, &[("code", "00000000"), ("email", "eve@example.test")]);
    request.headers_mut().remove("origin");
    request.headers_mut().remove("sec-fetch-site");
    for (name, value) in says {
        request.headers_mut().append(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
    }
    tenant.public(request).await
}

#[tokio::test]
async fn e07_no_form_is_taken_from_strangers_or_siblings() {
    let tenant = Tenant::start().await;
    let (browser, code) = ready(&tenant).await;
    for name in FORMS {
        let form = Form { action: format!("/signin/{name}"), ..code.clone() };
        for says in [
            &[("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")][..],
            &[("sec-fetch-site", "same-site"), ("origin", "https://other.example.test")],
            &[("sec-fetch-site", "same-site"), ("origin", ISSUER)],
            &[("origin", "null")],
        ] {
            let answer = send(&tenant, &browser, &form, says).await;
            assert_eq!(answer.status, 403, "{name} {says:?}");
            assert!(answer.cookies().is_empty() && answer.header("location").is_none());
        }
    }
    assert_eq!(tenant.mails().await.len(), 1);
    assert_eq!(tenant.audited("sign_in.failed").await, 0);
}

#[tokio::test]
async fn e07_p9_no_form_is_taken_without_the_token_of_its_own_flow() {
    let tenant = Tenant::start().await;
    let (mut browser, code) = ready(&tenant).await;
    let other = form(&browser.authorize(&tenant, "").await, "email-form");
    let token = |form: &Form| form.fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    for name in FORMS {
        for wrong in [String::new(), "AAAA".to_owned(), token(&other)] {
            let mut form = Form { action: format!("/signin/{name}"), ..code.clone() };
            form.fields.retain(|(name, _)| name != "csrf");
            form.fields.push(("csrf".to_owned(), wrong));
            // A program that sends neither header is held to the token all the same.
            for says in [&[("origin", ISSUER)][..], &[], &[("referer", ISSUER)]] {
                let answer = send(&tenant, &browser, &form, says).await;
                assert_eq!(answer.status, 403, "{name} {says:?}");
            }
        }
    }
}

#[tokio::test]
async fn e08_an_attackers_flow_does_not_work_in_the_victims_browser() {
    let tenant = Tenant::start().await;
    let mut attacker = Browser::at("198.51.100.1");
    let page = attacker.ask_for_code(&tenant, "eve@example.test").await;
    let code = tenant.code_for("eve@example.test").await.unwrap();
    let victim = Browser::at("192.0.2.77");
    // Even where the browser were made to say that the form is ours.
    let answer = tenant.public(victim.form(&tenant, &form(&page, "code-form"), &[("code", &code)])).await;
    assert_eq!(answer.status, 400);
    assert!(answer.cookies().is_empty());
}

#[tokio::test]
async fn e09_only_forms_are_forms_and_reading_changes_nothing() {
    let tenant = Tenant::start().await;
    let (browser, code) = ready(&tenant).await;
    for kind in ["text/plain", "application/json", "multipart/form-data; boundary=x"] {
        let mut request = browser.form(&tenant, &code, &[("code", "00000000")]);
        request.headers_mut().insert("content-type", kind.parse().unwrap());
        let status = tenant.public(request).await.status;
        assert!(status == 415 || status == 400, "{kind}: {status}");
    }
    for name in FORMS {
        let query = serde_urlencoded::to_string(&code.fields).unwrap();
        let target = format!("/signin/{name}?{query}&code=00000000&email=eve@example.test");
        let answer = tenant.public(browser.request(&tenant, "GET", &target).body(Body::empty()).unwrap()).await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")), "{name}");
    }
    assert_eq!(tenant.mails().await.len(), 1);
    assert_eq!(tenant.audited("sign_in.failed").await, 0);
}

#[tokio::test]
async fn b02_a_field_sent_twice_is_refused() {
    let tenant = Tenant::start().await;
    let (browser, mut code) = ready(&tenant).await;
    code.fields.push(("csrf".to_owned(), "x".to_owned()));
    assert_eq!(send(&tenant, &browser, &code, &[("origin", ISSUER)]).await.status, 400);
}

#[tokio::test]
async fn b41_every_form_answers_with_303_or_a_page() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let answer = browser.post(&tenant, &form(&page, "email-form"), &[("email", "ann@example.test")]).await;
    assert_eq!(answer.status, 303);
    let page = browser.follow(&tenant, answer).await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    assert_eq!(browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 303);
}

#[tokio::test]
async fn b40_nothing_in_a_form_or_url_decides_where_the_browser_goes() {
    let tenant = Tenant::start().await;
    let (mut browser, code) = ready(&tenant).await;
    let evil = "https://evil.example/";
    for name in FORMS {
        let form = Form { action: format!("/signin/{name}?next={evil}&return_to={evil}"), ..code.clone() };
        let typed = [("redirect_uri", evil), ("next", "//evil.example"), ("return_to", evil), ("code", "00000000")];
        let answer = tenant.public(browser.form(&tenant, &form, &typed)).await;
        assert!(!answer.location().contains("evil"), "{name}: {}", answer.location());
    }
    for flow in ["//evil.example", "https://evil.example", "..%2f..%2f"] {
        let answer = browser.get(&tenant, &format!("/signin?flow={flow}")).await;
        assert_eq!((answer.status, answer.location()), (400, ""));
    }
}

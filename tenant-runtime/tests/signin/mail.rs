//! The mail with the code, and the outbox it waits in (D12, D27, P7, F18).

use polder_kernel::Locale;
use polder_tenant_api::Access;

use crate::browser::{Browser, form, has_form};
use crate::tenant::{Tenant, code_in, web};

#[tokio::test]
async fn d12_the_mail_says_who_where_and_when_in_words_of_our_own() {
    let tenant = Tenant::start().await;
    let name = "Coach <script>alert(1)</script>";
    tenant.application(web("ignored", Access::Everyone)).await;
    let hostile = tenant.application(web(name, Access::Everyone)).await.client_id.to_string();
    let mut browser = Browser::at("203.0.113.77");
    browser.headers.push(("accept-language".to_owned(), "en".to_owned()));
    let page = browser.authorize_at(&tenant, &hostile, "").await;
    assert!(!page.body.contains("<script>alert"));
    browser.type_address(&tenant, &page, "ann@example.test").await;
    let mails = tenant.mails().await;
    let mail = mails.last().unwrap();
    assert_eq!(mail.to.as_str(), "ann@example.test");
    assert!(mail.text.contains("Firefox") && mail.text.contains("203.0.113.77") && mail.text.contains("2026"));
    assert!(!mail.html.contains("<script>") && !mail.html.contains("http://") && !mail.html.contains("<a "));
    assert_eq!(code_in(mail.subject.as_str()), None, "subjects show on locked screens");
    assert!(!mail.subject.as_str().contains(['\r', '\n']));
    assert!(code_in(&mail.text).is_some());
}

#[tokio::test]
async fn d11_no_address_smuggles_a_header_or_a_second_recipient() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    for typed in [
        "ann@example.test\r\nBcc: eve@example.test",
        "ann@example.test,eve@example.test",
        "ann@example.test eve@example.test",
        "\"ann\"@example.test",
        "\u{430}nn@example.test",
        "<ann@example.test>",
    ] {
        let answer = browser.post(&tenant, &form(&page, "email-form"), &[("email", typed)]).await;
        assert_eq!(answer.status, 422, "{typed}");
    }
    assert!(tenant.mails().await.is_empty());
    // Spellings of one address are one account.
    for typed in ["Ann@Example.test", " ann@EXAMPLE.TEST "] {
        let mut browser = Browser::default();
        let page = browser.ask_for_code(&tenant, typed).await;
        let code = tenant.code_for("ann@example.test").await.unwrap();
        browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
}

#[tokio::test]
async fn k21_mail_and_pages_speak_the_language_that_was_chosen() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "&ui_locales=nl").await;
    assert!(page.body.contains("<html lang=\"nl\""), "{}", page.body);
    browser.type_address(&tenant, &page, "ann@example.test").await;
    let dutch = tenant.mails().await.last().unwrap().subject.to_string();
    // A choice on the page counts more, and is remembered.
    let mut browser = Browser::default();
    let start = crate::browser::authorize_url(&tenant.client_id, crate::tenant::CALLBACK, "&ui_locales=nl");
    let answer = browser.get(&tenant, &start).await;
    let page = browser.get(&tenant, &format!("{}&lang=en", answer.location())).await;
    assert!(page.body.contains(&format!("<html lang=\"{}\"", Locale::En.tag())));
    browser.type_address(&tenant, &page, "bob@example.test").await;
    assert_ne!(tenant.mails().await.last().unwrap().subject.to_string(), dutch);
}

#[tokio::test]
async fn p7_every_message_is_in_the_log_and_says_when_it_left() {
    let tenant = Tenant::start().await;
    for address in ["ann@example.test", "bob@example.test"] {
        Browser::default().ask_for_code(&tenant, address).await;
    }
    let waiting = "SELECT COUNT(*) AS n FROM outbox WHERE sent_at IS NULL AND parameters_sealed IS NOT NULL";
    assert_eq!(tenant.count(waiting).await, 2);
    tenant.mails().await;
    let sent = "SELECT COUNT(*) AS n FROM outbox WHERE sent_at IS NOT NULL AND parameters_sealed IS NULL";
    assert_eq!((tenant.count(waiting).await, tenant.count(sent).await), (0, 2));
    // A second round sends nothing twice.
    assert_eq!(tenant.mails().await.len(), 2);
}

#[tokio::test]
async fn d27_a_code_that_could_not_be_sent_in_time_is_blanked_and_never_sent() {
    let tenant = Tenant::start().await;
    let page = Browser::default().ask_for_code(&tenant, "ann@example.test").await;
    assert!(has_form(&page, "code-form"));
    assert_eq!(code_in(&page.body), None, "no code in a page, ever");
    tenant.advance(300);
    assert!(tenant.mails().await.is_empty());
    let blank = "SELECT COUNT(*) AS n FROM outbox WHERE failed_at IS NOT NULL AND parameters_sealed IS NULL";
    assert_eq!(tenant.count(blank).await, 1);
}

#[tokio::test]
async fn d09_the_mail_holds_nothing_a_scanner_could_follow() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    let mails = tenant.mails().await;
    let mail = mails.last().unwrap();
    for text in [&mail.text, &mail.html] {
        assert!(!text.contains("://") && !text.contains("href"), "{text}");
    }
    // Nor does reading any address with the code in it use the code up.
    let code = code_in(&mail.text).unwrap();
    let flow = form(&page, "code-form").fields.iter().find(|(name, _)| name == "flow").unwrap().1.clone();
    for method in ["GET", "HEAD"] {
        for target in [format!("/signin/code?flow={flow}&code={code}"), format!("/signin?flow={flow}&code={code}")] {
            let request = browser.request(&tenant, method, &target).body(axum::body::Body::empty()).unwrap();
            assert!([200, 405].contains(&tenant.public(request).await.status), "{method} {target}");
        }
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session").await, 0);
    assert_eq!(browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await.status, 303);
}

//! Headers, policies and errors of the pages (F01, F05 to F08, F15, F18, F20).

use axum::body::Body;

use crate::browser::{Browser, form};
use crate::tenant::{Answer, Tenant};

async fn every_page(tenant: &Tenant) -> Vec<Answer> {
    let mut browser = Browser::default();
    let email = browser.authorize(tenant, "").await;
    let wrong = browser.post(tenant, &form(&email, "email-form"), &[("email", "nonsense")]).await;
    let code = browser.type_address(tenant, &email, "ann@example.test").await;
    let refused = browser.post(tenant, &form(&code, "code-form"), &[("code", "123")]).await;
    let soon = browser.post(tenant, &form(&code, "resend-form"), &[]).await;
    let right = tenant.code_for("ann@example.test").await.unwrap();
    let answer = browser.post(tenant, &form(&code, "code-form"), &[("code", &right)]).await;
    let name = browser.follow(tenant, answer).await;
    let home = browser.get(tenant, "/").await;
    let door = Browser::default().get(tenant, "/").await;
    let lost = Browser::default().get(tenant, "/signin?flow=AAAAAAAA").await;
    let nowhere = Browser::default().get(tenant, "/nowhere").await;
    vec![email, wrong, code, refused, soon, name, home, door, lost, nowhere]
}

#[tokio::test]
async fn f01_f05_f06_every_page_carries_the_whole_set_of_headers() {
    let tenant = Tenant::start().await;
    for page in every_page(&tenant).await {
        let csp = page.header("content-security-policy").unwrap();
        for part in ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'"] {
            assert!(csp.contains(part), "{part} in {csp}");
        }
        assert!(!csp.contains("unsafe") && !csp.contains('*'), "{csp}");
        // Only where passkeys can be used is there a script, and it is our own.
        let scripts = page.body.matches("<script").count();
        let ours = page.body.matches("<script src=\"/assets/passkeys.").count();
        assert_eq!((scripts, csp.contains("script-src 'none'")), (ours, ours == 0), "{csp}");
        assert_eq!(page.header("cache-control"), Some("no-store"));
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cross-origin-opener-policy"), Some("same-origin"));
        assert!(page.header("permissions-policy").unwrap().contains("camera=()"));
        assert!(page.header("strict-transport-security").unwrap().starts_with("max-age=31536000"));
        assert!(page.header("content-type").unwrap().starts_with("text/html"));
        assert!(page.header("access-control-allow-origin").is_none());
        assert!(page.header("server").is_none());
        assert!(!page.body.contains(" style=") && !page.body.contains("onclick"));
    }
}

#[tokio::test]
async fn f01_two_pages_never_share_a_nonce() {
    let tenant = Tenant::start().await;
    let mut seen = std::collections::BTreeSet::new();
    for page in every_page(&tenant).await {
        let csp = page.header("content-security-policy").unwrap().to_owned();
        let nonce = csp.split("'nonce-").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        assert!(nonce.len() >= 22 && seen.insert(nonce), "{csp}");
    }
}

#[tokio::test]
async fn f02_forms_lead_home_or_to_this_requests_application() {
    let tenant = Tenant::start().await;
    let page = Browser::default().authorize(&tenant, "").await;
    let csp = page.header("content-security-policy").unwrap();
    assert!(csp.contains("form-action 'self' https://app.example.test;"), "{csp}");
    let home = Browser::default().get(&tenant, "/").await;
    assert!(home.header("content-security-policy").unwrap().contains("form-action 'self';"));
}

#[tokio::test]
async fn f07_other_hosts_are_not_served_and_forwarded_ones_are_not_believed() {
    let tenant = Tenant::start().await;
    let mut request = Browser::default().request(&tenant, "GET", "/").body(Body::empty()).unwrap();
    request.headers_mut().insert("host", "evil.example".parse().unwrap());
    assert_eq!(tenant.public(request).await.status, 421);
    let mut browser = Browser::default();
    browser.headers.push(("x-forwarded-host".to_owned(), "evil.example".to_owned()));
    browser.headers.push(("forwarded".to_owned(), "host=evil.example".to_owned()));
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    assert!(page.status == 200 && !page.body.contains("evil.example"));
    assert!(tenant.mails().await.iter().all(|mail| !mail.html.contains("evil") && !mail.text.contains("evil")));
}

#[tokio::test]
async fn f08_other_methods_are_405_with_allow() {
    let tenant = Tenant::start().await;
    for (target, allow) in [("/signin", "GET,HEAD"), ("/", "GET,HEAD"), ("/signin/email", "POST")] {
        for method in ["PUT", "DELETE", "PATCH", "TRACE"] {
            let request = Browser::default().request(&tenant, method, target).body(Body::empty()).unwrap();
            let answer = tenant.public(request).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some(allow)), "{method} {target}");
        }
    }
    let head = Browser::default().request(&tenant, "HEAD", "/").body(Body::empty()).unwrap();
    let answer = tenant.public(head).await;
    assert_eq!((answer.status, answer.body.as_str()), (200, ""));
}

#[tokio::test]
async fn f15_error_pages_name_the_request_and_nothing_else() {
    let tenant = Tenant::start().await;
    let broken = tenant.app.db.write(|tx| Box::pin(async move { tx.execute("DROP TABLE code_budget", &[]).await }));
    broken.await.unwrap();
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let answer = browser.post(&tenant, &form(&page, "email-form"), &[("email", "ann@example.test")]).await;
    assert_eq!(answer.status, 500);
    for word in ["code_budget", "SQL", "sqlite", "panicked", "src/", env!("CARGO_PKG_VERSION")] {
        assert!(!answer.body.contains(word), "{word}");
    }
    let id = answer.header("x-polder-request-id").unwrap();
    assert!(answer.body.contains(id), "{}", answer.body);
}

#[tokio::test]
async fn f18_whatever_is_shown_again_is_inert() {
    let tenant = Tenant::start().await;
    let corpus =
        ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'-alert(1)-'", "</title><svg onload=x>"];
    for evil in corpus {
        let mut browser = Browser::default();
        let hint = serde_urlencoded::to_string([("login_hint", evil), ("ui_locales", evil)]).unwrap();
        let page = browser.authorize(&tenant, &format!("&{hint}")).await;
        let again = browser.post(&tenant, &form(&page, "email-form"), &[("email", evil)]).await;
        let page = browser.type_address(&tenant, &page, "ann@example.test").await;
        let code = browser.post(&tenant, &form(&page, "code-form"), &[("code", evil)]).await;
        for page in [&page, &again, &code] {
            assert!(!page.body.contains(evil) && !page.body.contains("<script>"), "{evil}");
        }
    }
}

#[tokio::test]
async fn f20_no_page_and_no_form_is_shared_with_another_origin() {
    let tenant = Tenant::start().await;
    for target in ["/", "/signin", "/signin/email", "/end_session"] {
        for method in ["GET", "OPTIONS", "POST"] {
            let request = Browser::default()
                .request(&tenant, method, target)
                .header("origin", "https://evil.example")
                .header("access-control-request-method", "POST");
            let answer = tenant.public(request.body(Body::empty()).unwrap()).await;
            assert!(answer.header("access-control-allow-origin").is_none(), "{method} {target}");
            assert!(answer.header("access-control-allow-credentials").is_none());
        }
    }
}

#[tokio::test]
async fn f21_administration_and_health_are_not_on_the_public_side() {
    let tenant = Tenant::start().await;
    for path in ["/health", "/users", "/sessions", "/settings", "/audit-events", "/applications", "/metrics"] {
        assert_eq!(Browser::default().get(&tenant, path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn the_front_door_says_whose_it_is_and_who_is_signed_in() {
    let tenant = Tenant::start().await;
    let door = Browser::default().get(&tenant, "/").await;
    assert!(door.status == 200 && door.body.contains("Practice"));
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    let home = browser.get(&tenant, "/").await;
    assert!(home.body.contains("ann@example.test"), "{}", home.body);
    let out = browser.post(&tenant, &form(&home, "sign-out-form"), &[]).await;
    assert!(out.status < 400, "{}", out.status);
    assert!(!browser.get(&tenant, "/").await.body.contains("ann@example.test"));
}

#[tokio::test]
async fn f03_what_a_tenant_calls_itself_is_text_and_nothing_else_of_its_look_can_be_set() {
    let tenant = Tenant::start().await;
    let set = async |settings: serde_json::Value| {
        crate::admin::caller::call(&tenant, "PATCH", "/settings", Some(settings)).await.0
    };
    for other in [
        serde_json::json!({ "css": "body{background:url(https://evil.test)}" }),
        serde_json::json!({ "logo": "<svg onload=alert(1)>" }),
        serde_json::json!({ "name": "a\u{202e}b" }),
        serde_json::json!({ "name": "a\r\nBcc: eve@example.test" }),
    ] {
        assert_eq!(set(other.clone()).await, 422, "{other}");
    }
    let hostile = "</title><script>alert(1)</script><img src=//evil.test onerror=x> {{7*7}} \"'";
    assert_eq!(set(serde_json::json!({ "name": hostile })).await, 200);
    for page in every_page(&tenant).await {
        for live in ["<script>", "<img src=//", "onerror=x>", "{{7*7}} \"'"] {
            assert!(!page.body.contains(live), "{live} in {}", page.body);
        }
        assert!(!page.header("content-security-policy").unwrap().contains("evil"));
    }
    let mails = tenant.mails().await;
    let mail = mails.last().unwrap();
    assert!(!mail.html.contains("<script") && !mail.html.contains("<img src=//"), "{}", mail.html);
}

#[tokio::test]
async fn f04_every_answer_keeps_browsers_on_https_and_nothing_leads_away_from_it() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    for (method, target) in [
        ("GET", "/"),
        ("GET", "/jwks.json"),
        ("GET", "/.well-known/openid-configuration"),
        ("GET", "/nowhere"),
        ("GET", "/authorize"),
        ("POST", "/token"),
        ("POST", "/signin/code"),
        ("GET", "/userinfo"),
        ("TRACE", "/token"),
    ] {
        let request = browser.request(&tenant, method, target).body(Body::empty()).unwrap();
        let answer = tenant.public(request).await;
        let hsts = answer.header("strict-transport-security").unwrap_or_default().to_owned();
        let age = hsts.split(';').next().unwrap_or_default().strip_prefix("max-age=").and_then(|age| age.parse().ok());
        assert!(age.is_some_and(|age: u64| age >= 31_536_000), "{method} {target}: {hsts:?}");
        assert!(!answer.location().starts_with("http://"), "{method} {target}");
    }
    // Another host, and one that does not say which it is for.
    for host in ["evil.test", ""] {
        let request = axum::extract::Request::builder().uri("/token").header("host", host).body(Body::empty()).unwrap();
        assert!(tenant.public(request).await.header("strict-transport-security").is_some(), "{host:?}");
    }
    let answer = browser.authorize(&tenant, "").await;
    assert!(!answer.body.contains("http://"), "{}", answer.body);
    // An http issuer is development: it must not lock a browser out of localhost.
    let development = Tenant::start_as("http://practice.localhost:8600").await;
    assert_eq!(Browser::default().get(&development, "/").await.header("strict-transport-security"), None);
}

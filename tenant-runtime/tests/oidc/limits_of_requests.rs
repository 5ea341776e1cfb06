//! What no endpoint accepts: foreign hosts, odd methods, oversize, and what every answer carries.

use http::{HeaderName, HeaderValue, Method, header};

use crate::support::client::web;
use crate::support::world::{on_each, request};

#[tokio::test]
async fn f07_only_our_own_host_is_served() {
    on_each(|world| async move {
        for (host, status) in [("evil.example", 421), ("practice.localhost", 421), ("practice.localhost:8600", 200)] {
            let mut asked = request(Method::GET, "/jwks.json", &[], String::new());
            asked.headers_mut().insert(header::HOST, HeaderValue::from_static(host));
            let forwarded = HeaderName::from_static("x-forwarded-host");
            asked.headers_mut().insert(forwarded, HeaderValue::from_static("evil.example"));
            assert_eq!(world.send(asked).await.status, status, "{host}");
        }
    })
    .await;
}

#[tokio::test]
async fn f08_unknown_methods_are_refused_everywhere() {
    on_each(|world| async move {
        for address in
            ["/token", "/userinfo", "/authorize", "/end_session", "/introspect", "/jwks.json", "/signin/code"]
        {
            for method in [Method::TRACE, Method::DELETE, Method::PUT] {
                let answer = world.send(request(method.clone(), address, &[], String::new())).await;
                assert_eq!(answer.status, 405, "{method} {address}");
                assert!(answer.headers.contains_key(header::ALLOW), "{method} {address}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn f09_a_long_address_is_refused() {
    on_each(|world| async move {
        assert_eq!(world.get(&format!("/authorize?x={}", "y".repeat(9000)), &[]).await.status, 414);
    })
    .await;
}

#[tokio::test]
async fn f15_an_unknown_address_is_a_page_that_says_nothing_of_the_inside() {
    on_each(|world| async move {
        for address in ["/health", "/metrics", "/admin", "/applications", "/.git/config", "/assets/none.css"] {
            let answer = world.get(address, &[]).await;
            assert_eq!(answer.status, 404, "{address} (F21)");
            answer.error_page();
            assert_eq!(answer.headers.get(header::SERVER), None);
        }
    })
    .await;
}

#[tokio::test]
async fn b34_b46_pages_cannot_be_framed_and_leak_no_referrer() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let signin = browser.get(&world, &client.authorize(&[])).await.location();
        let target = format!("{}?{}", signin.path(), signin.query().unwrap());
        for answer in [
            browser.get(&world, &target).await,
            browser.get(&world, "/authorize").await,
            browser.get(&world, "/end_session").await,
            browser.get(&world, "/").await,
            browser.get(&world, "/none").await,
        ] {
            let policy = answer.header("content-security-policy").unwrap().to_owned();
            assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'"), "{policy}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
            assert_eq!(answer.header("cache-control"), Some("no-store"));
            let html = answer.text();
            for foreign in ["src=\"http", "href=\"http", "src=\"//", "href=\"//"] {
                let own = html.replace("href=\"http://practice.localhost:8600", "");
                assert!(!own.contains(foreign), "{foreign} in {html}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn f08_head_has_no_effect_where_get_has_one() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let hint = browser.tokens(&world, &client).await.member("id_token");
        let cookie = format!("session={}", browser.cookie("session").unwrap());
        let before = world.rows("SELECT COUNT(*) AS n FROM authorization_code").await;
        for target in [client.authorize(&[]), format!("/end_session?id_token_hint={hint}"), "/signin?flow=x".to_owned()]
        {
            let asked = request(Method::HEAD, &target, &[(header::COOKIE, &cookie)], String::new());
            let answer = world.send(asked).await;
            assert_eq!((answer.status, answer.header("allow")), (405, Some("GET, POST")), "{target}");
        }
        assert_eq!(world.rows("SELECT COUNT(*) AS n FROM authorization_code").await, before);
        browser.code(&world, &client).await;
        for target in ["/", "/jwks.json", "/.well-known/openid-configuration"] {
            assert_eq!(world.send(request(Method::HEAD, target, &[], String::new())).await.status, 200, "{target}");
        }
    })
    .await;
}

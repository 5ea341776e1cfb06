//! `response_mode=form_post`: the answer is a form that the browser posts (A40, A41).

use scraper::{Html, Selector};

use crate::support::client::{native, web};
use crate::support::world::on_each;
use crate::support::{Answer, Client, ISSUER, World};

const STATE: &str = "\"><script>alert(1)</script>";

/// Where a page posts to, and what.
pub fn form(answer: &Answer) -> (String, Vec<(String, String)>) {
    assert_eq!((answer.status, answer.header("location")), (200, None), "{}", answer.text());
    let document = Html::parse_document(&answer.text());
    let form = Selector::parse("form#answer-form[method=post]").unwrap();
    let form = document.select(&form).next().unwrap_or_else(|| panic!("no form: {}", answer.text()));
    let inputs = Selector::parse("input").unwrap();
    let fields = form.select(&inputs).map(|input| {
        assert_eq!(input.attr("type"), Some("hidden"));
        (input.attr("name").unwrap().to_owned(), input.attr("value").unwrap().to_owned())
    });
    (form.attr("action").unwrap().to_owned(), fields.collect())
}

/// What a field holds.
pub fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
}

/// Asserts an error that is posted.
#[track_caller]
fn told(answer: &Answer, client: &Client, error: &str) {
    let (action, fields) = form(answer);
    assert_eq!(action, client.redirect_uri);
    assert_eq!(field(&fields, "error"), Some(error), "{fields:?}");
    assert_eq!(field(&fields, "iss"), Some(ISSUER), "b52");
    assert_eq!((field(&fields, "state"), field(&fields, "code")), (Some("st-1"), None));
}

async fn post(world: &World) -> (Client, crate::support::Browser) {
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    (world.application(web()).await, browser)
}

#[tokio::test]
async fn a40_a_code_is_posted_with_state_and_issuer_and_nothing_is_in_the_address() {
    on_each(|world| async move {
        let (client, browser) = post(&world).await;
        let request = client.authorize(&[("response_mode", "form_post"), ("state", STATE)]);
        let answer = browser.get(&world, &request).await;
        let (action, fields) = form(&answer);
        assert_eq!(action, client.redirect_uri);
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["code", "state", "iss"]);
        assert_eq!((field(&fields, "state"), field(&fields, "iss")), (Some(STATE), Some(ISSUER)));
        assert!(!answer.text().contains(STATE), "escaped");
        assert_eq!(client.redeem(&world, field(&fields, "code").unwrap()).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a40_f01_f02_the_page_sends_itself_under_its_own_nonce_to_the_application_alone() {
    on_each(|world| async move {
        let (client, browser) = post(&world).await;
        let request = client.authorize(&[("response_mode", "form_post")]);
        let (one, two) = (browser.get(&world, &request).await, browser.get(&world, &request).await);
        assert_ne!(one.header("content-security-policy"), two.header("content-security-policy"), "a fresh nonce");
        let policy = one.header("content-security-policy").unwrap().to_owned();
        let nonce = policy.split("script-src 'self' 'nonce-").nth(1).unwrap().split('\'').next().unwrap();
        let script = "<script src=\"/assets/form-post.";
        let text = one.text();
        let tag = text.split(script).nth(1).unwrap().split('>').next().unwrap();
        assert!(tag.contains(&format!("nonce=\"{nonce}\"")), "{tag}");
        let path = format!("/assets/form-post.{}", tag.split('"').next().unwrap());
        assert!(world.get(&path, &[]).await.text().contains(".submit()"));
        assert!(policy.contains("form-action 'self' https://app.example;"), "{policy}");
        assert!(!policy.contains("unsafe") && policy.contains("frame-ancestors 'none'"), "{policy}");
        assert!(!text.contains("<noscript>") && text.contains("type=\"submit\""), "{text}");
        assert_eq!(one.header("cache-control"), Some("no-store"));
        assert_eq!(one.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(one.header("content-type"), Some("text/html; charset=utf-8"));
    })
    .await;
}

#[tokio::test]
async fn a41_b52_errors_are_posted_too() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let nobody = world.browser();
        let mode = ("response_mode", "form_post");
        for (change, error) in [
            (("prompt", "none"), "login_required"),
            (("scope", "openid nope"), "invalid_scope"),
            (("response_type", "token"), "unsupported_response_type"),
            (("claims", "[]"), "invalid_request"),
            (("resource", "https://other.test"), "invalid_target"),
            (("id_token_hint", "a.b.c"), "invalid_request"),
        ] {
            told(&nobody.get(&world, &client.authorize(&[mode, change])).await, &client, error);
        }
        // Whoever would rather not says so on a page of ours.
        let page = nobody.get(&world, &client.authorize(&[mode])).await.location();
        let page = nobody.get(&world, &format!("{}?{}", page.path(), page.query().unwrap())).await;
        let document = Html::parse_document(&page.text());
        let inputs = Selector::parse("form#cancel-form input[type=hidden]").unwrap();
        let fields: Vec<(&str, &str)> = document
            .select(&inputs)
            .map(|input| (input.value().attr("name").unwrap(), input.value().attr("value").unwrap()))
            .collect();
        told(&nobody.post(&world, "/signin/cancel", &fields).await, &client, "access_denied");
    })
    .await;
}

#[tokio::test]
async fn a04_other_modes_are_refused_and_a_program_gets_no_form() {
    on_each(|world| async move {
        let (client, browser) = post(&world).await;
        for mode in ["fragment", "web_message", "form_post.jwt", "Form_Post"] {
            let answer = browser.get(&world, &client.authorize(&[("response_mode", mode)])).await;
            answer.redirected_error("invalid_request");
        }
        let mut choice = native();
        choice.wish.redirect_uris = vec!["com.example.app:/cb".to_owned()];
        let program = world.application(choice).await;
        let answer = browser.get(&world, &program.authorize(&[("response_mode", "form_post")])).await;
        assert!(answer.header("location").unwrap().starts_with("com.example.app:/cb?error=invalid_request"));
    })
    .await;
}

#[tokio::test]
async fn b33_a_redirect_uri_that_is_not_registered_gets_no_form() {
    on_each(|world| async move {
        let (client, browser) = post(&world).await;
        let request = client.authorize(&[("response_mode", "form_post"), ("redirect_uri", "https://evil.test/cb")]);
        let answer = browser.get(&world, &request).await;
        answer.error_page();
        assert!(!answer.text().contains("evil.test"), "{}", answer.text());
    })
    .await;
}

//! `GET` and `POST /end_session`.

use http::{HeaderName, header};
use scraper::{Html, Selector};

use crate::support::client::{AFTERWARDS, web};
use crate::support::token::{claims, unsigned, with_claims};
use crate::support::world::on_each;
use crate::support::{Answer, Browser, Client, World};

/// The hidden fields of the page's form.
pub fn form(page: &str) -> Vec<(&'static str, &'static str)> {
    let html = Html::parse_document(page);
    let inputs = Selector::parse("form#sign-out-form input[type=hidden]").unwrap();
    let leak = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    html.select(&inputs).map(|input| (leak(input.attr("name").unwrap()), leak(input.attr("value").unwrap()))).collect()
}

async fn ready(world: &World) -> (Client, Browser, String) {
    let client = world.application(web()).await;
    let browser = world.browser();
    browser.sign_in(world, world.user("ann@example.test").await).await;
    let hint = browser.tokens(world, &client).await.member("id_token");
    (client, browser, hint)
}

fn address(parameters: &[(&str, &str)]) -> String {
    format!("/end_session?{}", serde_urlencoded::to_string(parameters).unwrap())
}

async fn is_signed_in(world: &World, client: &Client, browser: &Browser) -> bool {
    browser.get(world, &client.authorize(&[("prompt", "none")])).await.parameter("code").is_some()
}

/// It asks, and the session is alive until the person agrees.
async fn asks(world: &World, client: &Client, browser: &Browser, answer: &Answer) {
    assert_eq!((answer.status, answer.headers.get(header::LOCATION)), (200, None));
    assert!(!form(&answer.text()).is_empty(), "{}", answer.text());
    assert!(is_signed_in(world, client, browser).await);
}

#[tokio::test]
async fn a42_a43_a_genuine_hint_ends_the_session_and_goes_back() {
    on_each(|world| async move {
        for state in [None, Some("st-2")] {
            let client = world.application(web()).await;
            let browser = world.browser();
            browser.sign_in(&world, world.user(&format!("ann{}@example.test", state.is_some())).await).await;
            let hint = browser.tokens(&world, &client).await.member("id_token");
            let mut parameters = vec![("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
            parameters.extend(state.map(|state| ("state", state)));
            let answer = if state.is_some() {
                browser.post(&world, "/end_session", &parameters).await
            } else {
                browser.get(&world, &address(&parameters)).await
            };
            assert!(answer.location().as_str().starts_with(AFTERWARDS));
            assert_eq!(answer.parameter("state").as_deref(), state);
            assert_eq!(browser.cookie("session"), None, "E17");
            let silent = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
            silent.redirected_error("login_required");
        }
    })
    .await;
}

#[tokio::test]
async fn a44_an_address_that_is_not_registered_is_never_gone_to() {
    on_each(|world| async move {
        let (client, browser, hint) = ready(&world).await;
        for other in ["https://app.example/bye?x=1", "https://app.example/bye/", "https://evil.example/bye", "/bye"] {
            let answer =
                browser.get(&world, &address(&[("id_token_hint", &hint), ("post_logout_redirect_uri", other)])).await;
            answer.error_page();
            assert!(is_signed_in(&world, &client, &browser).await);
        }
    })
    .await;
}

#[tokio::test]
async fn a45_a_forged_hint_leads_nowhere() {
    on_each(|world| async move {
        let (client, browser, hint) = ready(&world).await;
        let other = with_claims(&hint, |claims| claims["sub"] = "somebody".into());
        for forged in [unsigned(&hint), other, "x.y.z".to_owned()] {
            let parameters = [("id_token_hint", forged.as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
            let answer = browser.get(&world, &address(&parameters)).await;
            asks(&world, &client, &browser, &answer).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a46_without_a_hint_the_person_is_asked_and_only_our_own_form_agrees() {
    on_each(|world| async move {
        let (client, browser, _) = ready(&world).await;
        let parameters = [("client_id", client.id.as_str()), ("post_logout_redirect_uri", AFTERWARDS), ("state", "s")];
        let asked = browser.get(&world, &address(&parameters)).await;
        asks(&world, &client, &browser, &asked).await;
        let fields = form(&asked.text());
        let cookies = format!("session={}", browser.cookie("session").unwrap());
        let site = HeaderName::from_static("sec-fetch-site");
        for from in ["cross-site", "same-site", "none"] {
            let headers = [(header::COOKIE, cookies.as_str()), (site.clone(), from)];
            let answer = world.post("/end_session", &headers, &fields).await;
            assert_eq!(answer.error_page().status, 403, "E07: {from}");
        }
        let mut wrong = fields.clone();
        wrong.retain(|(name, _)| *name != "csrf");
        wrong.push(("csrf", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"));
        assert_eq!(browser.post(&world, "/end_session", &wrong).await.error_page().status, 403);
        assert!(is_signed_in(&world, &client, &browser).await);
        let answer = browser.post(&world, "/end_session", &fields).await;
        assert_eq!(answer.location().as_str(), "https://app.example/bye?state=s");
        assert!(!is_signed_in(&world, &client, &browser).await);
    })
    .await;
}

#[tokio::test]
async fn a46_a_hint_of_another_session_asks_first() {
    on_each(|world| async move {
        let (client, browser, _) = ready(&world).await;
        let other = world.browser();
        other.sign_in(&world, world.user("bob@example.test").await).await;
        let hint = other.tokens(&world, &client).await.member("id_token");
        let answer = browser.get(&world, &address(&[("id_token_hint", &hint)])).await;
        asks(&world, &client, &browser, &answer).await;
    })
    .await;
}

#[tokio::test]
async fn a47_whatever_is_left_out_the_person_can_finish_here() {
    on_each(|world| async move {
        let (client, browser, hint) = ready(&world).await;
        for parameters in [vec![], vec![("state", "s")], vec![("client_id", client.id.as_str())]] {
            let answer = browser.get(&world, &address(&parameters)).await;
            asks(&world, &client, &browser, &answer).await;
        }
        let answer = browser.get(&world, &address(&[("id_token_hint", &hint), ("state", "s")])).await;
        assert_eq!((answer.status, answer.headers.get(header::LOCATION)), (200, None), "signed out, on our page");
        assert!(!is_signed_in(&world, &client, &browser).await);
        assert_eq!(browser.get(&world, "/end_session").await.status, 200, "and again");
    })
    .await;
}

#[tokio::test]
async fn a48_an_expired_hint_will_do_and_one_of_another_application_will_not() {
    on_each(|world| async move {
        let (client, browser, hint) = ready(&world).await;
        let other = world.application(web()).await;
        let mixed = [("id_token_hint", hint.as_str()), ("client_id", other.id.as_str())];
        browser.get(&world, &address(&mixed)).await.error_page();
        world.pass(3600);
        assert!(claims(&hint)["exp"].as_i64().unwrap() < world.clock.now().seconds());
        let parameters = [
            ("id_token_hint", hint.as_str()),
            ("client_id", client.id.as_str()),
            ("post_logout_redirect_uri", AFTERWARDS),
        ];
        let answer = browser.get(&world, &address(&parameters)).await;
        assert!(answer.location().as_str().starts_with(AFTERWARDS));
        world.switch_off(&client).await;
        browser.get(&world, &address(&parameters)).await.error_page();
    })
    .await;
}

#[tokio::test]
async fn a42_a46_a_form_from_another_site_goes_on_by_get_and_forgets_no_session_by_itself() {
    on_each(|world| async move {
        let (client, browser, hint) = ready(&world).await;
        // Without a word about who asks: the person is asked, and is still signed in until they agree.
        let answer = browser.post_from_elsewhere(&world, "/end_session", &[]).await;
        assert!(browser.cookie("session").is_some(), "a stranger's form signed the person out");
        let answer = browser.get(&world, answer.location().path()).await;
        asks(&world, &client, &browser, &answer).await;
        // With the application's hint the session really ends, though its cookie did not come along.
        let parameters = [("id_token_hint", hint.as_str()), ("post_logout_redirect_uri", AFTERWARDS), ("state", "s")];
        let answer = browser.post_from_elsewhere(&world, "/end_session", &parameters).await;
        let next = answer.location();
        assert_eq!(next.path(), "/end_session");
        let cookie = browser.cookie("session").unwrap();
        let answer = browser.get(&world, &format!("/end_session?{}", next.query().unwrap())).await;
        assert_eq!(answer.location().as_str(), "https://app.example/bye?state=s");
        browser.set_cookie("session", &cookie);
        assert!(!is_signed_in(&world, &client, &browser).await);
    })
    .await;
}

#[tokio::test]
async fn a46_an_image_of_another_site_forgets_no_session() {
    on_each(|world| async move {
        let answer = world.get("/end_session", &[]).await;
        assert_eq!((answer.status, answer.headers.get(header::SET_COOKIE)), (200, None));
    })
    .await;
}

#[tokio::test]
async fn a43_e19_of_several_people_the_hinted_one_leaves() {
    on_each(|world| async move {
        let client = world.application(web()).await;
        let browser = world.browser();
        let mut hints = Vec::new();
        let mut secrets = Vec::new();
        for address in ["ann@example.test", "bob@example.test"] {
            browser.sign_in(&world, world.user(address).await).await;
            hints.push(browser.tokens(&world, &client).await.member("id_token"));
            secrets.push(browser.cookie("session").unwrap());
        }
        browser.set_cookie("session", &format!("{}.{}", secrets[1], secrets[0]));
        let answer = browser.get(&world, &client.authorize(&[("prompt", "none")])).await;
        answer.redirected_error("account_selection_required");
        for (hint, of) in hints.iter().zip(["ann", "bob"]) {
            let silent = browser.get(&world, &client.authorize(&[("prompt", "none"), ("id_token_hint", hint)])).await;
            assert!(silent.parameter("code").is_some(), "A19: the hint says who is meant: {of}");
        }
        let parameters = [("id_token_hint", hints[0].as_str()), ("post_logout_redirect_uri", AFTERWARDS)];
        let answer = browser.get(&world, &address(&parameters)).await;
        assert!(answer.location().as_str().starts_with(AFTERWARDS));
        assert_eq!(browser.cookie("session").as_deref(), Some(secrets[1].as_str()), "bob stays");
        assert!(is_signed_in(&world, &client, &browser).await);
        let silent = browser.get(&world, &client.authorize(&[("prompt", "none"), ("id_token_hint", &hints[0])])).await;
        silent.redirected_error("login_required");
        // She is not here any more: the person who is gets asked.
        let answer = browser.get(&world, &address(&parameters)).await;
        asks(&world, &client, &browser, &answer).await;
    })
    .await;
}

//! Connected accounts on the pages of the account: connecting, disconnecting, tokens (K5).

use serde_json::json;

use crate::connections::stage::Stage;
use crate::connections::upstream::Trouble;
use crate::support::world::on_each;
use crate::support::{Answer, Browser};

const PATH: &str = "/account/connections";

async fn press(stage: &Stage, browser: &Browser, page: &Answer, action: &str) -> Answer {
    fill(stage, browser, page, (action, &[])).await
}

/// Presses the button of the form that goes there, with these fields filled in.
async fn fill(stage: &Stage, browser: &Browser, page: &Answer, (action, typed): (&str, &[(&str, &str)])) -> Answer {
    let (fields, to) = {
        let document = scraper::Html::parse_document(&page.text());
        let form = scraper::Selector::parse(&format!("form[action=\"{action}\"]")).unwrap();
        let form = document.select(&form).next().unwrap_or_else(|| panic!("no {action} in {}", page.text()));
        let hidden = scraper::Selector::parse("input[type=hidden]").unwrap();
        let attribute = |input: scraper::ElementRef<'_>, name: &str| input.attr(name).unwrap().to_owned();
        let fields: Vec<_> = form.select(&hidden).map(|it| (attribute(it, "name"), attribute(it, "value"))).collect();
        (fields, action.to_owned())
    };
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.extend(typed);
    browser.post(&stage.world, &to, &fields).await
}

#[tokio::test]
async fn k5_a_person_connects_and_disconnects_on_their_own_page() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.keep_tokens = true).await;
        let ann = stage.world.user("ann@example.test").await;
        let browser = stage.world.browser();
        browser.sign_in(&stage.world, ann).await;
        let page = browser.get(&stage.world, PATH).await;
        let way = press(&stage, &browser, &page, "/account/connections/connect").await;
        let refresh = way.header("refresh").expect("the browser goes on").to_owned();
        let url = url::Url::parse(refresh.strip_prefix("0; url=").unwrap()).unwrap();
        let parameter = |name: &str| url.query_pairs().find(|(n, _)| n == name).unwrap().1.into_owned();
        let begun = crate::connections::stage::Begun {
            state: parameter("state"),
            nonce: parameter("nonce"),
            flow: String::new(),
            url: url.clone(),
        };
        stage.upstream.set(|mood| mood.challenge = parameter("code_challenge"));
        stage.vouch(&begun, "ann-there", &json!({}));
        // In another browser's session it counts for nothing, even with its cookie.
        let thief = stage.world.browser();
        thief.set_cookie("with-account", &browser.cookie("with-account").unwrap());
        thief.sign_in(&stage.world, stage.world.user("thief@example.test").await).await;
        thief.get(&stage.world, &stage.callback(&begun)).await.error_page();
        assert_eq!(stage.connected().await, 0);
        let page = browser.get(&stage.world, &stage.callback(&begun)).await;
        assert_eq!(page.status, 200, "{}", page.text());
        assert_eq!(stage.connected().await, 1);
        assert!(page.text().contains("ann-there@upstream.example"));
        let sealed = "SELECT COUNT(*) AS n FROM connected_account WHERE tokens_sealed IS NOT NULL";
        assert_eq!(stage.world.rows(sealed).await, 1, "the connection asks for keeping tokens");
        // The account signs in; disconnected, it does not.
        assert!(stage.sign_in(&stage.world.browser(), "ann-there").await.parameter("code").is_some());
        let page = press(&stage, &browser, &page, "/account/connections/disconnect").await;
        assert_eq!((page.status, stage.connected().await), (200, 0));
        let other = stage.world.browser();
        let answer = stage.sign_in(&other, "ann-there").await;
        stage.nobody(&answer, &other);
        polder_tenant_runtime::jobs::outbox::round(&stage.world.app).await.unwrap();
        let notices = stage.world.app.mailer.captured();
        assert_eq!(notices.iter().filter(|mail| mail.to.as_str() == "ann@example.test").count(), 2, "D26");
    })
    .await;
}

/// What the provider was told to forget, once it was told so often.
async fn revoked(stage: &Stage, times: usize) -> Vec<String> {
    for _ in 0..200 {
        let revoked = stage.upstream.mood.lock().unwrap().revoked.clone();
        if revoked.len() >= times {
            return revoked;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the provider was not told");
}

#[tokio::test]
async fn k5_what_is_disconnected_or_erased_is_revoked_at_the_provider() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.keep_tokens = true).await;
        let ann = stage.world.user("ann@example.test").await;
        let told = "token=rt-1&token_type_hint=refresh_token";
        stage.connect("ann@example.test", "ann-there").await;
        let browser = stage.world.browser();
        browser.sign_in(&stage.world, ann).await;
        let page = browser.get(&stage.world, PATH).await;
        press(&stage, &browser, &page, "/account/connections/disconnect").await;
        assert_eq!(revoked(&stage, 1).await, [told]);
        // A provider that makes trouble holds nobody up.
        stage.upstream.set(|mood| mood.trouble = Some(("/revoke", Trouble::Slow)));
        stage.connect("ann@example.test", "ann-there").await;
        let page = browser.get(&stage.world, "/account/delete").await;
        let left = fill(&stage, &browser, &page, ("/account/delete", &[("confirm", "delete")])).await;
        assert_eq!((left.status, stage.connected().await), (200, 0), "{}", left.text());
        assert_eq!(revoked(&stage, 2).await, [told, told]);
    })
    .await;
}

#[tokio::test]
async fn k5_tokens_are_kept_only_where_the_connection_asks_for_it() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let sealed = "SELECT COUNT(*) AS n FROM connected_account WHERE tokens_sealed IS NOT NULL";
        assert_eq!(stage.world.rows(sealed).await, 0);
        stage.sign_in(&stage.world.browser(), "ann-there").await;
        assert_eq!(stage.world.rows(sealed).await, 0);
    })
    .await;
}

#[tokio::test]
async fn k5_the_part_of_the_account_is_there_where_there_are_providers() {
    on_each(|world| async move {
        let ann = world.user("ann@example.test").await;
        let browser = world.browser();
        browser.sign_in(&world, ann).await;
        assert!(!browser.get(&world, "/account").await.text().contains(PATH), "there is nothing to connect");
        assert_eq!(browser.get(&world, PATH).await.status, 200);
        let stage = Stage::set(world).await;
        assert!(browser.get(&stage.world, "/account").await.text().contains(PATH));
    })
    .await;
}

#[tokio::test]
async fn h01_a_persons_file_names_their_connected_accounts_and_no_token() {
    on_each(|world| async move {
        let stage = Stage::set_as(world, |it| it.keep_tokens = true).await;
        let ann = stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        stage.sign_in(&stage.world.browser(), "ann-there").await;
        let app = &stage.world.app;
        let mut tx = app.db.read().await.unwrap();
        let user = polder_tenant_runtime::store::users::by_id(&mut tx, &app.keyring, ann).await.unwrap().unwrap();
        let file = polder_tenant_runtime::account::data::collect(app, &mut tx, &user).await.unwrap();
        let account = &file["connected_accounts"][0];
        for (member, value) in [
            ("provider", json!("Upstream")),
            ("issuer", json!(stage.upstream.issuer)),
            ("subject", json!("ann-there")),
            ("email", json!("ann-there@upstream.example")),
            ("name", json!("Ann Smit")),
            ("tokens_kept", json!(true)),
        ] {
            assert_eq!(account[member], value, "{member}");
        }
        assert!(account["connected_at"].is_string() && account["last_used_at"].is_string());
        let text = file.to_string();
        assert!(!text.contains("rt-1") && !text.contains("at-1"), "{text}");
    })
    .await;
}

#[track_caller]
fn leads_to_the_sign_in(answer: &Answer) {
    assert_eq!(answer.status, 303, "{}", answer.text());
    assert!(answer.header("location").unwrap().starts_with("/signin?flow="));
}

#[tokio::test]
async fn d13_whoever_has_a_second_factor_connects_and_disconnects_only_with_it() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        // A session of one factor, from before the app was set up.
        let browser = stage.world.browser();
        browser.sign_in(&stage.world, ann).await;
        stage.authenticator_app(ann).await;
        stage.world.pass(1);
        let page = browser.get(&stage.world, PATH).await;
        for action in ["/account/connections/connect", "/account/connections/disconnect"] {
            let answer = press(&stage, &browser, &page, action).await;
            leads_to_the_sign_in(&answer);
            assert!(answer.header("refresh").is_none());
        }
        assert_eq!(stage.connected().await, 1);
    })
    .await;
}

#[tokio::test]
async fn e07_the_forms_of_the_account_are_held_to_session_and_site() {
    on_each(|world| async move {
        let stage = Stage::set(world).await;
        let ann = stage.world.user("ann@example.test").await;
        stage.connect("ann@example.test", "ann-there").await;
        let id = stage.connection.id.to_string();
        let browser = stage.world.browser();
        // Nobody is signed in: the page leads to the sign-in.
        let way = browser.get(&stage.world, PATH).await;
        assert!(way.header("location").unwrap().starts_with("/signin?flow="));
        browser.sign_in(&stage.world, ann).await;
        for path in ["/account/connections/connect", "/account/connections/disconnect"] {
            for form in [vec![("connection", id.as_str())], vec![("csrf", "x"), ("connection", id.as_str())]] {
                assert_eq!(browser.post(&stage.world, path, &form).await.status, 403);
            }
            let page = browser.get(&stage.world, PATH).await;
            let token = scraper::Html::parse_document(&page.text());
            let token = token.select(&scraper::Selector::parse("input[name=csrf]").unwrap()).next().unwrap();
            let form = [("csrf", token.attr("value").unwrap()), ("connection", id.as_str())];
            let site = http::HeaderName::from_static("sec-fetch-site");
            let cookie = format!("session={}", browser.cookie("session").unwrap());
            let headers = [(http::header::COOKIE, cookie.as_str()), (site, "cross-site")];
            assert_eq!(stage.world.post(path, &headers, &form).await.status, 403, "from another site");
        }
        // A sign-in of a while ago is not fresh enough.
        let page = browser.get(&stage.world, PATH).await;
        stage.world.pass(1000);
        leads_to_the_sign_in(&press(&stage, &browser, &page, "/account/connections/disconnect").await);
        assert_eq!(stage.connected().await, 1);
    })
    .await;
}

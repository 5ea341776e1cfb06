//! `/account/passkeys`.

use scraper::{Html, Selector};

use super::{Authenticator, Twist, offered, options, sign_in, with_passkey};
use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};

const PAGE: &str = "/account/passkeys";

/// The first form of this class on a page.
pub fn form_of(page: &Answer, class: &str) -> Form {
    let document = Html::parse_document(&page.body);
    let form = document.select(&Selector::parse(&format!("form.{class}")).unwrap()).next();
    let form = form.unwrap_or_else(|| panic!("no form.{class} in {} {}", page.status, page.body));
    let fields = form
        .select(&Selector::parse("input").unwrap())
        .filter_map(|input| Some((input.attr("name")?.to_owned(), input.attr("value").unwrap_or("").to_owned())))
        .collect();
    Form { action: form.attr("action").unwrap().to_owned(), fields }
}

fn subjects(mails: &[polder_outbound::Mail], word: &str) -> usize {
    mails.iter().filter(|mail| format!("{:?}", mail.subject).contains(word)).count()
}

#[tokio::test]
async fn c26_d26_passkeys_are_listed_named_removed_and_brought_back_and_mails_say_so() {
    let tenant = Tenant::start().await;
    let (mut browser, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let page = browser.get(&tenant, PAGE).await;
    assert!(page.body.contains("Firefox on Linux") && page.body.contains("ann@example.test"), "{}", page.body);
    browser.post(&tenant, &form_of(&page, "rename"), &[("name", "My laptop")]).await;
    let page = browser.get(&tenant, PAGE).await;
    assert!(page.body.contains("My laptop"));
    browser.post(&tenant, &form_of(&page, "remove"), &[]).await;
    assert_eq!(sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await.status, 401);
    let page = browser.get(&tenant, PAGE).await;
    browser.post(&tenant, &form_of(&page, "restore"), &[]).await;
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    let mails = tenant.mails().await;
    assert_eq!(["added", "removed", "brought back"].map(|word| subjects(&mails, word)), [1, 1, 1]);
    for action in ["passkey.added", "passkey.renamed", "passkey.removed", "passkey.restored"] {
        assert_eq!(tenant.audited(action).await, 1, "{action}");
    }
    // Two weeks, and no longer.
    browser.post(&tenant, &form_of(&browser.clone().get(&tenant, PAGE).await, "remove"), &[]).await;
    let page = browser.get(&tenant, PAGE).await;
    tenant.advance(15 * 24 * 3600);
    let mut later = Browser { takes_offers: false, ..Browser::default() };
    later.sign_in(&tenant, "ann@example.test").await;
    let fresh = later.get(&tenant, PAGE).await;
    assert!(!fresh.body.contains("class=\"restore\""));
    let forged = Form { fields: form_of(&page, "restore").fields, ..form_of(&page, "restore") };
    let csrf = form(&fresh, "passkey-form").fields.into_iter().find(|(name, _)| name == "csrf").unwrap().1;
    later.post(&tenant, &forged, &[("csrf", &csrf)]).await;
    assert_eq!(tenant.audited("passkey.restored").await, 1);
}

#[tokio::test]
async fn e12_who_changes_a_factor_is_offered_to_end_all_other_sessions() {
    let tenant = Tenant::start().await;
    let (mut browser, _key) = with_passkey(&tenant, "ann@example.test").await;
    let alone = browser.get(&tenant, PAGE).await;
    let renamed = browser.post(&tenant, &form_of(&alone, "rename"), &[("name", "My laptop")]).await;
    assert_eq!((renamed.status, renamed.location()), (303, PAGE), "a name is no factor");
    let removed = browser.post(&tenant, &form_of(&alone, "remove"), &[]).await;
    assert_eq!((removed.status, removed.location()), (303, "/account/passkeys?done=changed"));
    let alone = browser.get(&tenant, removed.location()).await;
    assert!(!has_form(&alone, "end-others-form"), "nobody is signed in elsewhere");
    let mut other = Browser { takes_offers: false, ..Browser::default() };
    assert!(has_code(&other.sign_in(&tenant, "ann@example.test").await));
    assert!(!has_form(&browser.get(&tenant, PAGE).await, "end-others-form"), "nothing changed");
    let restored = browser.post(&tenant, &form_of(&alone, "restore"), &[]).await;
    let offer = browser.get(&tenant, restored.location()).await;
    let ended = browser.post(&tenant, &form(&offer, "end-others-form"), &[]).await;
    assert_eq!((ended.status, ended.location()), (303, "/account/sessions?done=others"));
    assert!(has_form(&other.authorize(&tenant, "").await, "email-form"));
    assert!(has_code(&browser.authorize(&tenant, "").await));
}

#[tokio::test]
async fn h01_a_persons_file_names_their_passkeys_and_when_they_were_used() {
    let tenant = Tenant::start().await;
    let (mut browser, mut key) = with_passkey(&tenant, "ann@example.test").await;
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    let page = browser.get(&tenant, PAGE).await;
    let gone = form_of(&page, "remove");
    let page = browser.get(&tenant, "/account/data").await;
    let read = |answer: Answer| serde_json::from_str::<serde_json::Value>(&answer.body).unwrap()["passkeys"].take();
    let passkeys = read(browser.post(&tenant, &form(&page, "download-form"), &[]).await);
    let one = &passkeys[0];
    assert_eq!((&one["name"], &one["removed_at"]), (&"Firefox on Linux".into(), &serde_json::Value::Null));
    assert!(one["synced"].is_boolean() && one["created_at"].is_string() && one["last_used_at"].is_string(), "{one}");
    assert!(!passkeys.to_string().contains("credential"), "{passkeys}");
    // One that was removed is remembered, and so it is told.
    browser.post(&tenant, &gone, &[]).await;
    let passkeys = read(browser.post(&tenant, &form(&page, "download-form"), &[]).await);
    assert!(passkeys[0]["removed_at"].is_string(), "{passkeys}");
}

#[tokio::test]
async fn c26_a_stale_session_proves_itself_first() {
    let tenant = Tenant::start().await;
    let (mut browser, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let page = browser.get(&tenant, PAGE).await;
    tenant.advance(11 * 60);
    for class in ["rename", "remove"] {
        let answer = browser.post(&tenant, &form_of(&page, class), &[("name", "Mine")]).await;
        assert!(answer.location().starts_with("/signin?flow="), "{class}: {} {}", answer.status, answer.location());
    }
    assert_eq!(super::ask(&tenant, &mut browser, &page, &[]).await.status, 403);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM passkey WHERE removed_at IS NULL").await, 1);
    // The page says so, and leads to a proof and back.
    let stale = browser.get(&tenant, PAGE).await;
    assert!(!stale.body.contains("class=\"remove\"") && !has_form(&stale, "passkey-form"));
    let answer = browser.post(&tenant, &form(&stale, "confirm-form"), &[]).await;
    let ask = browser.follow(&tenant, answer).await;
    let back = super::prove(&tenant, &mut browser, &ask, &mut key, &Twist::default()).await;
    assert!(back.status == 200 && back.body.contains("class=\"remove\""), "{} {}", back.status, back.body);
}

#[tokio::test]
async fn who_is_not_signed_in_does_that_first_by_code_too() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.get(&tenant, PAGE).await;
    let page = browser.follow(&tenant, page).await;
    assert!(has_form(&page, "email-form"));
    let list = browser.finish(&tenant, page, "ann@example.test").await;
    assert!(list.status == 200 && has_form(&list, "passkey-form"), "{} {}", list.status, list.body);
    // Rather not.
    let mut other = Browser::default();
    let page = other.get(&tenant, PAGE).await;
    let page = other.follow(&tenant, page).await;
    let left = other.post(&tenant, &form(&page, "cancel-form"), &[]).await;
    assert_eq!(left.location(), format!("{}/", tenant.app.issuer.as_str()));
    // The account is no application that anybody else could ask for.
    let target = crate::browser::authorize_url("account", &format!("{}{PAGE}", tenant.app.issuer.as_str()), "");
    assert_eq!(other.get(&tenant, &target).await.status, 400);
}

#[tokio::test]
async fn c18_nobody_changes_somebody_elses_passkeys() {
    let tenant = Tenant::start().await;
    let (mut ann, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let (mut eve, _) = with_passkey(&tenant, "eve@example.test").await;
    let victims = form_of(&ann.get(&tenant, PAGE).await, "remove");
    let id = victims.fields.iter().find(|(name, _)| name == "passkey").unwrap().1.clone();
    let page = eve.get(&tenant, PAGE).await;
    for class in ["remove", "rename"] {
        eve.post(&tenant, &form_of(&page, class), &[("passkey", &id), ("name", "Mine now")]).await;
    }
    // With ann's own form, token and all.
    assert_eq!(eve.post(&tenant, &victims, &[]).await.status, 403);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    assert!(!ann.get(&tenant, PAGE).await.body.contains("Mine now"));
}

#[tokio::test]
async fn d13_a_passkey_added_over_a_code_waits_a_day_where_there_are_others() {
    let tenant = Tenant::start().await;
    let (mut owner, _) = with_passkey(&tenant, "ann@example.test").await;
    // Removing the first does not spare the second the wait.
    let page = owner.get(&tenant, PAGE).await;
    owner.post(&tenant, &form_of(&page, "remove"), &[]).await;
    let mut thief = Browser::default();
    thief.sign_in(&tenant, "ann@example.test").await;
    let page = thief.get(&tenant, PAGE).await;
    let asked = options(&tenant, &mut thief, &page, &[]).await;
    let (credential, mut key) = Authenticator::default().create(&asked, &Twist::default());
    thief.post(&tenant, &form(&page, "passkey-form"), &[("credential", &credential)]).await;
    tenant.advance(1);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    assert_eq!(super::newest_session(&tenant).await, (r#"["pop","user"]"#.into(), "urn:polder:acr:email".into()));
    let mails = tenant.mails().await;
    assert!(mails.iter().any(|mail| mail.text.contains("for a day it counts for no more than a code")));
    tenant.advance(24 * 3600);
    assert!(has_code(&sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await));
    assert_eq!(super::newest_session(&tenant).await.1, "urn:polder:acr:passkey");
}

#[tokio::test]
async fn c29_who_is_signed_in_has_their_browser_told_what_still_works() {
    let tenant = Tenant::start().await;
    let (mut browser, key) = with_passkey(&tenant, "ann@example.test").await;
    let id = polder_kernel::encoding::base64url(&key.id);
    let page = browser.get(&tenant, PAGE).await;
    assert!(
        page.body.contains("data-signals=")
            && page.body.contains(&format!("allAcceptedCredentialIds&#34;:[&#34;{id}&#34;]")),
        "{}",
        page.body
    );
    // Strangers are told nothing.
    let stranger = Browser::default().authorize(&tenant, "").await;
    assert!(!stranger.body.contains("data-signals") && !stranger.body.contains(&id));
}

#[tokio::test]
async fn p_erasing_a_person_takes_their_passkeys_and_their_handle() {
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    let mut tx = tenant.app.db.read().await.unwrap();
    let user = tx.optional("SELECT user_id FROM passkey", &[], |row| row.id("user_id")).await.unwrap().unwrap();
    drop(tx);
    let now = tenant.clock.now();
    let erase = tenant
        .app
        .db
        .write(move |tx| Box::pin(async move { polder_tenant_runtime::store::users::erase(tx, user, now).await }));
    assert!(erase.await.unwrap());
    for sql in ["SELECT COUNT(*) AS n FROM passkey", "SELECT COUNT(*) AS n FROM passkey_owner"] {
        assert_eq!(tenant.count(sql).await, 0);
    }
    assert_eq!(sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await.status, 401);
    // A new account of the same address is a new person to authenticators (C24).
    let (mut browser, page) = offered(&tenant, "ann@example.test").await;
    assert_ne!(options(&tenant, &mut browser, &page, &[]).await["user"]["id"], key.handle);
}

#[tokio::test]
async fn an_administrator_sees_and_removes_a_persons_passkeys_and_the_person_is_told() {
    use crate::admin::caller::call;
    let tenant = Tenant::start().await;
    let (_, mut key) = with_passkey(&tenant, "ann@example.test").await;
    with_passkey(&tenant, "bob@example.test").await;
    let user = async |address: &str| {
        let (_, page) = call(&tenant, "GET", &format!("/users?email={address}"), None).await;
        page["items"][0]["id"].as_str().unwrap().to_owned()
    };
    let (ann, bob) = (user("ann@example.test").await, user("bob@example.test").await);
    let (status, page) = call(&tenant, "GET", &format!("/users/{ann}/passkeys"), None).await;
    let one = &page["items"][0];
    assert_eq!((status, page["items"].as_array().unwrap().len(), &one["synced"]), (200, 1, &serde_json::json!(true)));
    assert!(!page.to_string().contains(&polder_kernel::encoding::base64url(&key.id)), "{page}");
    let id = one["id"].as_str().unwrap();
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{bob}/passkeys/{id}"), None).await.0, 404);
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}/passkeys/{id}"), None).await.0, 204);
    assert_eq!(sign_in(&tenant, &mut Browser::default(), &mut key, &Twist::default()).await.status, 401);
    assert_eq!(subjects(&tenant.mails().await, "removed"), 1);
    assert_eq!(call(&tenant, "GET", "/users/019a0000-0000-7000-8000-000000000009/passkeys", None).await.0, 404);
}

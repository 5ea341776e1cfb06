//! Several people on one browser (E04, E06, E17, E19): nobody is ever somebody else by accident.

use polder_db::args;
use polder_kernel::Email;
use polder_tenant_api::{Access, NewApplication};
use polder_tenant_runtime::store::users;
use scraper::{Html, Selector};

use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::tenant::{Answer, Tenant, web};

const ANN: &str = "ann@example.test";
const BOB: &str = "bob@example.test";

/// Signs one more person in on a browser where others are.
async fn add(tenant: &Tenant, browser: &mut Browser, address: &str) -> Answer {
    tenant.advance(1);
    let page = browser.authorize(tenant, "&prompt=login").await;
    browser.finish(tenant, page, address).await
}

/// Ann and then Bob, on one browser.
async fn two(tenant: &Tenant) -> Browser {
    let mut browser = Browser::default();
    for address in [ANN, BOB] {
        let answer = add(tenant, &mut browser, address).await;
        assert!(has_code(&answer), "{address}: {answer:?}");
    }
    tenant.advance(60);
    browser
}

/// The address of whoever the newest code is for.
pub async fn newest_code_of(tenant: &Tenant) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    let sql = "SELECT user_id FROM authorization_code ORDER BY created_at DESC, grant_id DESC LIMIT 1";
    let id = tx.optional(sql, &args![], |row| row.id("user_id")).await.unwrap().unwrap();
    users::by_id(&mut tx, &tenant.app.keyring, id).await.unwrap().unwrap().email.as_str().to_owned()
}

/// The form by which somebody goes on as this person.
fn choice(page: &Answer, address: &str) -> Form {
    let document = Html::parse_document(&page.body);
    let forms = Selector::parse("ul.people form").unwrap();
    let chosen = document.select(&forms).find(|form| form.text().collect::<String>().contains(address));
    let id = chosen.unwrap_or_else(|| panic!("no {address} on {}", page.body)).attr("id").unwrap().to_owned();
    form(page, &id)
}

async fn live(tenant: &Tenant) -> i64 {
    tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await
}

#[tokio::test]
async fn e19_with_several_people_signed_in_the_person_says_who_goes_on() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    assert_eq!(live(&tenant).await, 2);
    for prompt in ["", "&prompt=select_account", "&prompt=consent", "&max_age=3600"] {
        for (address, other) in [(ANN, BOB), (BOB, ANN)] {
            tenant.advance(1);
            let page = browser.authorize(&tenant, prompt).await;
            assert!(page.body.contains(ANN) && page.body.contains(BOB) && page.body.contains("Coach"), "{prompt}");
            let answer = browser.post(&tenant, &choice(&page, address), &[]).await;
            assert!(has_code(&answer), "{prompt} as {address}: {answer:?}");
            assert_eq!(newest_code_of(&tenant).await, address, "{prompt}, and never {other}");
        }
    }
    // What one person is asked for is not asked of the other.
    assert_eq!(live(&tenant).await, 2);
}

#[tokio::test]
async fn e19_a18_without_a_word_nobody_is_signed_on_silently() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let silent = browser.authorize(&tenant, "&prompt=none").await;
    assert!(silent.location().contains("error=account_selection_required"), "{}", silent.location());
    for (hint, address) in [("ann%40example.test", ANN), ("Bob%40Example.TEST", BOB)] {
        for prompt in ["", "&prompt=none"] {
            tenant.advance(1);
            let answer = browser.authorize(&tenant, &format!("{prompt}&login_hint={hint}")).await;
            assert!(has_code(&answer), "{hint}{prompt}: {answer:?}");
            assert_eq!(newest_code_of(&tenant).await, address);
        }
    }
    // Somebody who is not here is nobody's word for anybody else.
    let silent = browser.authorize(&tenant, "&prompt=none&login_hint=eve%40example.test").await;
    assert!(silent.location().contains("error=login_required"), "{}", silent.location());
    let page = browser.authorize(&tenant, "&login_hint=eve%40example.test").await;
    assert!(has_form(&page, "continue-1") && has_form(&page, "continue-2"), "{}", page.body);
    let page = browser.post(&tenant, &form(&page, "switch-form"), &[]).await;
    assert!(has_form(&page, "email-form") && page.body.contains("eve@example.test"), "{}", page.body);
    assert_eq!(tenant.mails().await.len(), 2, "F19: a hint sends nothing");
}

#[tokio::test]
async fn e19_a_hint_at_somebody_else_does_not_go_on_as_the_only_one_here() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    tenant.advance(60);
    let silent = browser.authorize(&tenant, "&prompt=none&login_hint=bob%40example.test").await;
    assert!(silent.location().contains("error=login_required"), "{}", silent.location());
    let page = browser.authorize(&tenant, "&login_hint=bob%40example.test").await;
    let answer = browser.post(&tenant, &choice(&page, ANN), &[]).await;
    assert!(has_code(&answer), "the person knows better than the hint: {answer:?}");
    // What is no address says nothing.
    assert!(has_code(&browser.authorize(&tenant, "&prompt=none&login_hint=0612345678").await));
}

#[tokio::test]
async fn e19_b97_consent_is_the_chosen_persons() {
    let tenant = Tenant::start().await;
    let other = NewApplication { third_party: true, ..web("Weather", Access::Everyone) };
    let other = tenant.application(other).await.client_id.to_string();
    let mut browser = two(&tenant).await;
    let page = browser.authorize_at(&tenant, &other, "").await;
    let answer = browser.post(&tenant, &choice(&page, ANN), &[]).await;
    let page = browser.follow(&tenant, answer).await;
    assert!(has_form(&page, "consent-form") && page.body.contains("<bdi>a…@example.test"), "{}", page.body);
    let reloaded = browser.get(&tenant, &format!("/signin?flow={}", flow_of(&page))).await;
    assert!(has_form(&reloaded, "consent-form"), "the choice is kept");
    let answer = browser.post(&tenant, &form(&page, "consent-form"), &[]).await;
    assert!(has_code(&answer), "{answer:?}");
    assert_eq!(newest_code_of(&tenant).await, ANN);
    // Bob never agreed: he is asked.
    tenant.advance(1);
    let page = browser.authorize_at(&tenant, &other, "&login_hint=bob%40example.test").await;
    assert!(has_form(&page, "consent-form"), "{}", page.body);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM consent").await, 1);
}

fn flow_of(page: &Answer) -> String {
    let fields = form(page, "consent-form").fields;
    fields.into_iter().find(|(name, _)| name == "flow").unwrap().1
}

#[tokio::test]
async fn e19_nobody_but_who_is_signed_in_here_can_be_chosen() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let mut eve = Browser::default();
    eve.sign_in(&tenant, "eve@example.test").await;
    tenant.advance(60);
    let page = eve.authorize(&tenant, "&prompt=select_account").await;
    let hers = form(&page, "continue-form").fields.into_iter().find(|(name, _)| name == "person").unwrap().1;
    let page = browser.authorize(&tenant, "").await;
    for person in [hers.as_str(), "", "AAAAAAAAAAAAAAAAAAAAAA"] {
        let answer = browser.post(&tenant, &choice(&page, ANN), &[("person", person)]).await;
        assert!(answer.location().starts_with("/signin?flow="), "{person:?}: {answer:?}");
    }
    // A word given in one flow counts in no other.
    let second = browser.authorize(&tenant, "").await;
    let foreign = choice(&second, BOB).fields.into_iter().find(|(name, _)| name == "person").unwrap().1;
    let answer = browser.post(&tenant, &choice(&page, ANN), &[("person", &foreign)]).await;
    assert!(answer.location().starts_with("/signin?flow="), "{answer:?}");
}

#[tokio::test]
async fn e04_e19_who_is_switched_to_gets_a_new_secret_and_the_old_one_is_dead() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let old = browser.session().unwrap().to_owned();
    let page = browser.authorize(&tenant, "").await;
    assert!(has_code(&browser.post(&tenant, &choice(&page, ANN), &[]).await));
    let new = browser.session().unwrap().to_owned();
    let (bob, ann) = old.split_once('.').unwrap();
    assert_eq!(new.split_once('.').unwrap().1, bob, "bob is still signed in, behind her");
    let mut thief = Browser::default();
    for (stolen, works) in [(ann, false), (bob, true)] {
        thief.cookies.insert("__Host-session".to_owned(), stolen.to_owned());
        assert_eq!(has_code(&thief.authorize(&tenant, "&prompt=none").await), works, "{stolen}");
    }
    // The list as it was, rolled back: what died in it stays dead, and nobody takes her place.
    let mut rolled_back = browser.clone();
    rolled_back.cookies.insert("__Host-session".to_owned(), old);
    tenant.advance(1);
    assert!(has_code(&rolled_back.authorize(&tenant, "&prompt=none").await), "bob alone");
    assert_eq!(newest_code_of(&tenant).await, BOB);
}

#[tokio::test]
async fn e04_a_planted_session_never_becomes_part_of_anybody_elses() {
    let tenant = Tenant::start().await;
    let mut eve = Browser::default();
    eve.sign_in(&tenant, "eve@example.test").await;
    let planted = eve.session().unwrap().to_owned();
    // Ann signs in where Eve's session was put: it is beside hers, has its own secret, and is seen.
    let mut ann = Browser::default();
    ann.cookies.insert("__Host-session".to_owned(), planted.clone());
    assert!(has_code(&add(&tenant, &mut ann, ANN).await));
    assert!(!ann.session().unwrap().starts_with(&planted));
    let home = ann.get(&tenant, "/").await;
    assert!(home.body.contains(ANN) && home.body.contains("eve@example.test"), "{}", home.body);
    tenant.advance(60);
    eve.cookies.insert("__Host-session".to_owned(), planted);
    assert!(has_code(&eve.authorize(&tenant, "&prompt=none").await));
    assert_eq!(newest_code_of(&tenant).await, "eve@example.test", "eve gained nothing");
}

#[tokio::test]
async fn e17_e19_each_signs_out_alone_or_all_at_once() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let rolled_back = browser.clone();
    let home = browser.get(&tenant, "/").await;
    let answer = browser.post(&tenant, &form(&home, "sign-out-2"), &[]).await;
    assert_eq!((answer.status, live(&tenant).await), (200, 1));
    assert!(answer.body.contains("href=\"/\""), "somebody is still signed in: {}", answer.body);
    assert!(has_code(&browser.authorize(&tenant, "&prompt=none").await));
    assert_eq!(newest_code_of(&tenant).await, BOB);
    // Rolled back, the cookie does not bring her back.
    let mut old = rolled_back.clone();
    assert!(has_code(&old.authorize(&tenant, "&prompt=none").await), "only bob is left of it");
    assert_eq!(newest_code_of(&tenant).await, BOB);
    // Both, at once.
    assert!(has_code(&add(&tenant, &mut browser, ANN).await));
    let home = browser.get(&tenant, "/").await;
    let answer = browser.post(&tenant, &form(&home, "sign-out-all-form"), &[]).await;
    assert_eq!((answer.status, live(&tenant).await, browser.session()), (200, 0, None));
    let silent = old.authorize(&tenant, "&prompt=none").await;
    assert!(silent.location().contains("error=login_required"), "{}", silent.location());
}

#[tokio::test]
async fn a46_e19_without_a_hint_the_page_asks_who_leaves() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let page = browser.get(&tenant, "/end_session").await;
    assert!(page.body.contains(ANN) && page.body.contains(BOB), "{}", page.body);
    assert_eq!(live(&tenant).await, 2);
    let answer = browser.post(&tenant, &choice(&page, ANN), &[]).await;
    assert_eq!((answer.status, live(&tenant).await), (200, 1));
    assert!(browser.get(&tenant, "/account").await.body.contains(BOB));
}

#[tokio::test]
async fn e19_a_browser_holds_five_people_and_the_one_unused_longest_goes() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    for n in 0..6 {
        assert!(has_code(&add(&tenant, &mut browser, &format!("p{n}@example.test")).await));
        let (session, cookies) = (browser.session().unwrap(), browser.cookies.len());
        assert!(session.len() < 256 && session.split('.').count() <= 5 && cookies < 9, "{session}");
    }
    assert_eq!(live(&tenant).await, 5);
    let home = browser.get(&tenant, "/").await;
    assert!(!home.body.contains("p0@") && home.body.contains("p1@") && home.body.contains("p5@"), "{}", home.body);
    let replaced = "SELECT COUNT(*) AS n FROM session WHERE ended_reason = 'replaced'";
    assert_eq!(tenant.count(replaced).await, 1, "nothing is left that nobody can reach");
}

#[tokio::test]
async fn e19_the_account_pages_show_whose_they_are_and_switch() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let page = browser.get(&tenant, "/account/profile").await;
    assert!(page.body.contains(BOB), "{}", page.body);
    let bobs = form(&page, "profile-form");
    let home = browser.get(&tenant, "/").await;
    let to_ann = form(&home, "account-2");
    let mut stranger = Browser::default();
    let foreign = stranger.post(&tenant, &to_ann, &[]).await;
    assert_eq!(foreign.status, 403);
    let mut from_elsewhere = browser.form(&tenant, &to_ann, &[]);
    from_elsewhere.headers_mut().insert("sec-fetch-site", "same-site".parse().unwrap());
    assert_eq!(tenant.public(from_elsewhere).await.status, 403);
    let answer = browser.post(&tenant, &to_ann, &[]).await;
    assert_eq!((answer.status, answer.location()), (303, "/account"));
    let page = browser.get(&tenant, "/account/email").await;
    assert!(page.body.contains(ANN), "{}", page.body);
    // A page of Bob's that is still open changes nothing of Ann's.
    let late = browser.post(&tenant, &bobs, &[("name", "Bobby")]).await;
    assert_eq!(late.status, 403);
    // Signing out from an account page is about that account.
    let signed_out = browser.post(&tenant, &form(&page, "sign-out-form"), &[]).await;
    assert_eq!((signed_out.status, live(&tenant).await), (200, 1));
    assert!(browser.get(&tenant, "/account/email").await.body.contains(BOB));
}

#[tokio::test]
async fn a20_e19_whom_the_person_chose_proves_themselves_where_the_sign_in_is_too_old() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let page = browser.authorize(&tenant, "&max_age=30").await;
    let answer = browser.post(&tenant, &choice(&page, ANN), &[]).await;
    let page = browser.follow(&tenant, answer).await;
    assert!(has_form(&page, "email-form") && page.body.contains(ANN), "{}", page.body);
    tenant.advance(1);
    assert!(has_code(&browser.finish(&tenant, page, ANN).await));
    assert_eq!(newest_code_of(&tenant).await, ANN);
    assert_eq!(live(&tenant).await, 2, "the same session, renewed");
}

#[tokio::test]
async fn h02_e19_who_deletes_their_account_takes_nobody_along() {
    let tenant = Tenant::start().await;
    let mut browser = two(&tenant).await;
    let page = browser.get(&tenant, "/account/delete").await;
    let answer = browser.post(&tenant, &form(&page, "delete-form"), &[("confirm", "delete")]).await;
    assert_eq!(answer.status, 200);
    assert!(browser.get(&tenant, "/account/email").await.body.contains(ANN));
    let gone: Email = BOB.parse().unwrap();
    let mut tx = tenant.app.db.read().await.unwrap();
    assert!(users::by_email(&mut tx, &tenant.app.keyring, &gone).await.unwrap().is_none());
}

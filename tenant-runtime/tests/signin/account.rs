//! The account pages: who comes in, what forms change, and leaving (E07, E10, E12, H01, H02, H04, R7).

use http::header;
use polder_audit::Filter;
use polder_db::args;
use serde_json::Value;

use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant};

const ANN: &str = "ann@example.test";

/// Every page of the account.
const PAGES: [&str; 13] = [
    "/account",
    "/account/profile",
    "/account/email",
    "/account/second-factor",
    "/account/second-factor/remove",
    "/account/recovery-codes",
    "/account/connections",
    "/account/sessions",
    "/account/applications",
    "/account/activity",
    "/account/preferences",
    "/account/data",
    "/account/delete",
];

type Typed = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Every form of the account: its page, where it goes, and what is typed into it.
const FORMS: [Typed; 11] = [
    ("/account/profile", "/account/profile", &[("name", "Eve")]),
    ("/account/email", "/account/email", &[("email", "eve@example.test")]),
    ("/account/email", "/account/email/confirm", &[("code", "00000000")]),
    ("/account/second-factor", "/account/second-factor/set-up", &[]),
    ("/account/second-factor", "/account/second-factor/remove", &[]),
    ("/account/recovery-codes", "/account/recovery-codes", &[]),
    ("/account/sessions", "/account/sessions/end-others", &[]),
    ("/account/applications", "/account/applications/withdraw", &[("application", "x")]),
    ("/account/preferences", "/account/preferences", &[("language", "nl"), ("look", "dark")]),
    ("/account/data", "/account/data/download", &[]),
    ("/account/delete", "/account/delete", &[("confirm", "delete")]),
];

/// Signs in to the account itself and gives the page.
pub async fn come_in(tenant: &Tenant, browser: &mut Browser, address: &str) -> Answer {
    let answer = browser.get(tenant, "/account").await;
    let page = browser.follow(tenant, answer).await;
    browser.finish(tenant, page, address).await
}

#[tokio::test]
async fn a_stranger_is_sent_to_the_sign_in_and_back_to_the_page_they_wanted() {
    let tenant = Tenant::start().await;
    for path in PAGES {
        let mut browser = Browser::default();
        let answer = browser.get(&tenant, path).await;
        assert_eq!(answer.status, 303, "{path}");
        let page = browser.follow(&tenant, answer).await;
        assert!(has_form(&page, "email-form") && page.body.contains("Practice"), "{path}");
        let page = browser.finish(&tenant, page, ANN).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        assert!(page.body.contains("<body class=\"account\">"), "{path}");
    }
    let mails = tenant.mails().await;
    assert!(mails[0].text.contains("Practice"), "the mail says what it is for: {}", mails[0].text);
}

#[tokio::test]
async fn b01_the_account_is_no_application_that_anybody_could_ask_for() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    for client in ["account", "00000000-0000-0000-0000-000000000000"] {
        let target = crate::browser::authorize_url(client, "/account", "");
        assert_eq!(browser.get(&tenant, &target).await.status, 400, "{client}");
    }
}

#[tokio::test]
async fn e07_e09_account_forms_come_from_our_own_pages_of_this_very_session() {
    let tenant = Tenant::start().await;
    let (mut ann, mut eve) = (Browser::default(), Browser::default());
    come_in(&tenant, &mut ann, ANN).await;
    come_in(&tenant, &mut eve, "eve@example.test").await;
    let hers = form(&eve.get(&tenant, "/account/profile").await, "profile-form");
    let stolen = hers.fields.iter().find(|(name, _)| name == "csrf").unwrap().1.clone();
    for (_, action, typed) in FORMS {
        for csrf in ["", "AAAA", stolen.as_str()] {
            let form = crate::browser::Form { action: action.to_owned(), fields: vec![("csrf".into(), csrf.into())] };
            let answer = tenant.public(ann.form(&tenant, &form, typed)).await;
            assert_eq!(answer.status, 403, "{action} with {csrf:?}");
        }
        // From another site, with everything else right.
        let own = form_of(&mut ann, &tenant).await;
        let mut request = ann.form(&tenant, &crate::browser::Form { action: action.to_owned(), ..own }, typed);
        request.headers_mut().insert("sec-fetch-site", "same-site".parse().unwrap());
        assert_eq!(tenant.public(request).await.status, 403, "{action} from a sibling");
        // Without a session it changes nothing and asks who it is.
        let bare = crate::browser::Form { action: action.to_owned(), fields: Vec::new() };
        let answer = tenant.public(Browser::default().form(&tenant, &bare, typed)).await;
        assert_eq!((answer.status, answer.location().starts_with("/signin")), (303, true), "{action} by a stranger");
        // And reading its address does nothing.
        let read = ann.get(&tenant, action).await;
        assert!([200, 303, 405].contains(&read.status), "{action}: {}", read.status);
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account WHERE erased_at IS NOT NULL").await, 0);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 2);
}

async fn form_of(browser: &mut Browser, tenant: &Tenant) -> crate::browser::Form {
    form(&browser.get(tenant, "/account/profile").await, "profile-form")
}

#[tokio::test]
async fn e12_what_is_sensitive_asks_for_a_fresh_sign_in_and_comes_back() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    tenant.advance(601);
    for (page, action, typed) in FORMS {
        if ["/account/profile", "/account/applications", "/account/preferences"].contains(&page) {
            continue;
        }
        let own = form_of(&mut ann, &tenant).await;
        let request = ann.form(&tenant, &crate::browser::Form { action: action.to_owned(), ..own }, typed);
        let answer = tenant.public(request).await;
        assert_eq!((answer.status, answer.location().starts_with("/signin")), (303, true), "{action}");
    }
    // As somebody else one does not come back.
    let answer = ann.get(&tenant, "/account/delete").await;
    let page = ann.follow(&tenant, answer).await;
    assert!(page.body.contains(ANN), "their address is filled in");
    let mut other = ann.clone();
    let landed = other.finish(&tenant, page.clone(), "eve@example.test").await;
    assert!(!has_form(&landed, "delete-form"), "{}", landed.body);
    // The same person does.
    let answer = ann.get(&tenant, "/account/delete").await;
    let page = ann.follow(&tenant, answer).await;
    let landed = ann.finish(&tenant, page, ANN).await;
    assert!(has_form(&landed, "delete-form"), "{}", landed.body);
    assert!(has_form(&ann.get(&tenant, "/account/delete").await, "delete-form"));
}

#[tokio::test]
async fn h03_a_name_is_changed_and_a_bad_one_said_to_be() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let page = ann.get(&tenant, "/account/profile").await;
    let wrong = ann.post(&tenant, &form(&page, "profile-form"), &[("name", " ")]).await;
    assert_eq!(wrong.status, 422);
    let answer = ann.post(&tenant, &form(&page, "profile-form"), &[("name", "Ann <b>de Vries")]).await;
    let page = ann.follow(&tenant, answer).await;
    assert!(page.body.contains("Ann &#60;b&#62;de Vries") && page.body.contains("role=\"status\""), "{}", page.body);
    assert_eq!(tenant.audited("user.changed").await, 2, "at sign-up, and now");
}

#[tokio::test]
async fn r7_language_and_look_are_remembered() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let page = ann.get(&tenant, "/account/preferences").await;
    let choice = [("language", "nl"), ("look", "dark")];
    ann.post(&tenant, &form(&page, "preferences-form"), &choice).await;
    let page = ann.get(&tenant, "/account").await;
    assert!(page.body.contains("<html lang=\"nl\" data-look=\"dark\">"), "{}", &page.body[..200]);
    let stored = "SELECT COUNT(*) AS n FROM user_account WHERE locale = 'nl'";
    assert_eq!(tenant.count(stored).await, 1, "mails speak it as well");
    // The sign-in pages follow, and nonsense is no choice.
    tenant.advance(1);
    let page = ann.authorize(&tenant, "&prompt=login").await;
    assert!(page.body.contains("data-look=\"dark\""), "{} {}", page.status, page.body);
    let page = ann.get(&tenant, "/account/preferences").await;
    let preferences = form(&page, "preferences-form");
    assert_eq!(ann.post(&tenant, &preferences, &[("language", "xx"), ("look", "dark")]).await.status, 400);
    ann.post(&tenant, &preferences, &[("language", "nl"), ("look", "system")]).await;
    assert!(!ann.get(&tenant, "/account").await.body.contains("data-look"));
}

#[tokio::test]
async fn e10_p6_devices_are_listed_and_ended_one_and_all() {
    let tenant = Tenant::start().await;
    let (mut here, mut phone, mut office) =
        (Browser::default(), Browser::at("203.0.113.7"), Browser::at("203.0.113.8"));
    phone.headers.push(("user-agent".into(), "x".into()));
    for browser in [&mut phone, &mut office, &mut here] {
        come_in(&tenant, browser, ANN).await;
    }
    // Nobody else's devices are listed or ended.
    let mut eve = Browser::default();
    come_in(&tenant, &mut eve, "eve@example.test").await;
    let page = here.get(&tenant, "/account/sessions").await;
    assert_eq!(page.body.matches("action=\"/account/sessions/end\"").count(), 2, "this one is not ended here");
    assert!(page.body.contains("203.0.113.7") && page.body.contains("Firefox"), "{}", page.body);
    let foreign = form_of(&mut eve, &tenant).await;
    let id = session_of(&tenant, "203.0.113.7").await;
    let end = crate::browser::Form { action: "/account/sessions/end".into(), ..foreign };
    eve.post(&tenant, &end, &[("session", &id)]).await;
    assert!(phone.get(&tenant, "/account").await.status == 200, "eve ended nothing of ann's");
    // One, then the rest.
    let one = form(&page, &format!("end-{id}"));
    assert_eq!(here.post(&tenant, &one, &[]).await.status, 303);
    assert_eq!(phone.get(&tenant, "/account").await.status, 303, "signed out");
    assert_eq!(office.get(&tenant, "/account").await.status, 200);
    let page = here.get(&tenant, "/account/sessions").await;
    here.post(&tenant, &form(&page, "end-others-form"), &[]).await;
    assert_eq!(office.get(&tenant, "/account").await.status, 303);
    assert_eq!(here.get(&tenant, "/account").await.status, 200);
    assert_eq!(eve.get(&tenant, "/account").await.status, 200);
}

async fn session_of(tenant: &Tenant, ip: &str) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    let all = polder_tenant_runtime::store::sessions::page(&mut tx, &tenant.app.keyring, None, None, 50).await.unwrap();
    all.into_iter().find(|one| one.metadata.ip.as_deref() == Some(ip)).unwrap().session.id.to_string()
}

#[tokio::test]
async fn h01_h02_the_file_holds_everything_about_a_person_and_no_secret() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::at("203.0.113.9");
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    tenant.mails().await;
    let page = ann.get(&tenant, "/account/data").await;
    let answer = ann.post(&tenant, &form(&page, "download-form"), &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert!(answer.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(answer.headers[header::CACHE_CONTROL], "no-store");
    let file: Value = serde_json::from_str(&answer.body).unwrap();
    assert_eq!(file["format"], "polder.account/1");
    assert_eq!((file["profile"]["email"].as_str(), file["profile"]["name"].as_str()), (Some(ANN), Some("Ann Example")));
    assert_eq!(file["sessions"][0]["ip"], "203.0.113.9");
    assert_eq!(file["messages"].as_array().unwrap().len(), 1);
    let actions: Vec<&str> = file["activity"].as_array().unwrap().iter().filter_map(|e| e["action"].as_str()).collect();
    assert!(actions.contains(&"session.started") && actions.contains(&"user.created"), "{actions:?}");
    let cookie = ann.session().unwrap();
    assert!(!answer.body.contains(cookie) && !answer.body.contains("_sealed") && !answer.body.contains("_hash"));
    assert_eq!(tenant.audited("data.downloaded").await, 1);
}

#[tokio::test]
async fn h04_after_deleting_the_account_nothing_of_the_person_is_left() {
    let tenant = Tenant::start().await;
    let (mut ann, mut other) = (Browser::default(), Browser::default());
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    come_in(&tenant, &mut other, ANN).await;
    // Something under every roof: a failed code, a waiting mail, a new address half proved.
    let page = Browser::at("203.0.113.3").ask_for_code(&tenant, ANN).await;
    assert!(has_form(&page, "code-form"));
    let page = ann.get(&tenant, "/account/email").await;
    ann.post(&tenant, &form(&page, "email-form"), &[("email", "new@example.test")]).await;
    let user = user_id(&tenant).await;
    let page = ann.get(&tenant, "/account/delete").await;
    let wrong = ann.post(&tenant, &form(&page, "delete-form"), &[("confirm", "no")]).await;
    assert_eq!(wrong.status, 422);
    let gone = ann.post(&tenant, &form(&page, "delete-form"), &[("confirm", " Delete ")]).await;
    assert_eq!(gone.status, 200, "{}", gone.body);
    assert!(gone.cookies().iter().any(|cookie| cookie.starts_with("__Host-session=;")), "{:?}", gone.cookies());
    for browser in [&mut ann, &mut other] {
        assert_eq!(browser.get(&tenant, "/account").await.status, 303, "signed out everywhere");
    }
    for (table, sql) in [
        ("session", "SELECT COUNT(*) AS n FROM session"),
        ("oauth_grant", "SELECT COUNT(*) AS n FROM oauth_grant"),
        ("authorization_code", "SELECT COUNT(*) AS n FROM authorization_code"),
        ("outbox", "SELECT COUNT(*) AS n FROM outbox"),
        ("one_time_code", "SELECT COUNT(*) AS n FROM one_time_code"),
        ("address_code", "SELECT COUNT(*) AS n FROM address_code"),
        ("known_browser", "SELECT COUNT(*) AS n FROM known_browser"),
        ("an address", "SELECT COUNT(*) AS n FROM user_account WHERE email_sealed IS NOT NULL"),
    ] {
        assert_eq!(tenant.count(sql).await, 0, "{table}");
    }
    // The log still verifies, and tells nothing about them.
    let mut tx = tenant.app.db.read().await.unwrap();
    let report = polder_audit::verify(&mut tx, tenant.app.checkpoints.verifier()).await.unwrap();
    assert!(report.is_intact(), "{report:?}");
    let filter = Filter { user_id: Some(user), ..Default::default() };
    for entry in polder_audit::list(&mut tx, &filter, None, 100).await.unwrap() {
        let sealed = entry.details_sealed.as_deref().is_some_and(polder_crypto::PersonKey::is_sealed_for_a_person);
        assert!(!sealed || entry.details(&tenant.app.keyring, None).unwrap().is_none());
    }
    drop(tx);
    // The address is free, and what signs up with it is somebody else.
    come_in(&tenant, &mut Browser::default(), ANN).await;
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 2);
}

async fn user_id(tenant: &Tenant) -> String {
    let mut tx = tenant.app.db.read().await.unwrap();
    tx.optional("SELECT id FROM user_account", &args![], |row| row.text("id")).await.unwrap().unwrap()
}

#[tokio::test]
async fn e10_access_of_an_application_is_withdrawn_at_once() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    let answer = ann.sign_in(&tenant, ANN).await;
    assert!(has_code(&answer));
    // The code is not redeemed yet: nothing is granted, and the code is withdrawn with the rest.
    let page = ann.get(&tenant, "/account/applications").await;
    assert_eq!(page.status, 200);
    let own = form_of(&mut ann, &tenant).await;
    let withdraw = crate::browser::Form { action: "/account/applications/withdraw".into(), ..own };
    let client = tenant.client_id.clone();
    assert_eq!(ann.post(&tenant, &withdraw, &[("application", &client)]).await.status, 303);
    let open = "SELECT COUNT(*) AS n FROM authorization_code WHERE used_at IS NULL";
    assert_eq!(tenant.count(open).await, 0);
    assert_eq!(ann.post(&tenant, &withdraw, &[("application", "nonsense")]).await.status, 400);
}

#[tokio::test]
async fn k8_activity_shows_what_happened_and_nothing_of_anybody_else() {
    let tenant = Tenant::start().await;
    let (mut ann, mut eve) = (Browser::at("203.0.113.50"), Browser::at("203.0.113.66"));
    come_in(&tenant, &mut eve, "eve@example.test").await;
    come_in(&tenant, &mut ann, ANN).await;
    let page = ann.get(&tenant, "/account/activity").await;
    assert!(page.body.contains("203.0.113.50") && !page.body.contains("203.0.113.66"), "{}", page.body);
    for _ in 0..30 {
        let page = ann.get(&tenant, "/account/profile").await;
        ann.post(&tenant, &form(&page, "profile-form"), &[("name", "Ann")]).await;
    }
    let page = ann.get(&tenant, "/account/activity").await;
    assert_eq!(page.body.matches("<time ").count(), 25);
    let next = page.body.split("/account/activity?before=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let older = ann.get(&tenant, &format!("/account/activity?before={next}")).await;
    assert!(older.body.contains("203.0.113.50"), "the sign-in is on the second page");
    for nonsense in ["x", "-1", "%00"] {
        let answer = ann.get(&tenant, &format!("/account/activity?before={nonsense}")).await;
        assert_eq!(answer.status, 400, "{nonsense}");
    }
}

#[tokio::test]
async fn d26_a_sign_in_from_a_new_browser_is_told_and_one_from_a_known_one_is_not() {
    let tenant = Tenant::start().await;
    let notices = |mails: Vec<polder_outbound::Mail>| mails.iter().filter(|m| m.text.contains("haven’t seen")).count();
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    assert_eq!(notices(tenant.mails().await), 0, "the first of all is no news");
    tenant.advance(60);
    let page = ann.authorize(&tenant, "&prompt=login").await;
    ann.finish(&tenant, page, ANN).await;
    assert_eq!(notices(tenant.mails().await), 0, "this browser is known");
    come_in(&tenant, &mut Browser::at("203.0.113.1"), ANN).await;
    let mails = tenant.mails().await;
    let mail = mails.last().unwrap();
    assert_eq!((mail.to.as_str(), notices(mails.clone())), (ANN, 1));
    assert!(mail.text.contains("203.0.113.1") && mail.html.contains("Firefox"), "{}", mail.text);
    // The browser somebody else used before is new to this person.
    tenant.advance(1);
    let page = ann.authorize(&tenant, "&prompt=login").await;
    ann.finish(&tenant, page, "eve@example.test").await;
    assert_eq!(notices(tenant.mails().await), 1, "her first of all");
    come_in(&tenant, &mut Browser::default(), "eve@example.test").await;
    assert_eq!(notices(tenant.mails().await), 2);
}

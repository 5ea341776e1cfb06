//! The steps of a sign-in and what decides them.

use polder_tenant_api::{Access, ApplicationType, NewApplication};

use crate::browser::{Browser, authorize_url, form, has_code, has_form};
use crate::tenant::{CALLBACK, Tenant, person, web};

#[tokio::test]
async fn p1_a_new_person_signs_in_by_code_and_gives_a_name_once() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "Ann@Example.test").await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    let answer = browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    assert_eq!(answer.status, 303);
    let page = browser.follow(&tenant, answer).await;
    assert!(has_form(&page, "name-form"), "{}", page.body);
    let answer = browser.post(&tenant, &form(&page, "name-form"), &[("name", "Ann de Vries")]).await;
    assert_eq!(answer.status, 303);
    // A passkey is offered, and skipped.
    let answer = browser.follow(&tenant, answer).await;
    assert!(has_code(&answer), "{answer:?}");
    assert!(answer.location().contains("state=the-state"));
    // The next sign-in asks no name, and the one after that nothing at all.
    let mut other = Browser::default();
    assert!(has_code(&other.sign_in(&tenant, "ann@example.test").await));
    assert!(has_code(&other.authorize(&tenant, "").await));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
    assert_eq!(tenant.audited("session.started").await, 2);
}

#[tokio::test]
async fn p19_an_application_for_coaches_does_not_open_for_others() {
    let tenant = Tenant::start().await;
    let coach = tenant.application(web("Coach desk", Access::Role { role: "coach".into() })).await;
    let coach = coach.client_id.to_string();
    tenant.person(person("coach@example.test", Some("Coach"), &["coach"])).await;
    tenant.person(person("client@example.test", Some("Client"), &[])).await;

    let mut client = Browser::default();
    assert!(has_code(&client.sign_in(&tenant, "client@example.test").await));
    let refused = client.authorize_at(&tenant, &coach, "").await;
    assert_eq!(refused.status, 403);
    assert!(!has_code(&refused));
    let silent = client.authorize_at(&tenant, &coach, "&prompt=none").await;
    assert!(silent.location().contains("error=access_denied"), "{}", silent.location());
    // Not by pressing on either.
    let page = form(&refused, "switch-form");
    let pressed = crate::browser::Form { action: "/signin/continue".into(), ..page };
    assert!(!has_code(&client.post(&tenant, &pressed, &[]).await));

    let mut desk = Browser::default();
    assert!(has_code(&desk.sign_in(&tenant, "coach@example.test").await));
    assert!(has_code(&desk.authorize_at(&tenant, &coach, "").await));
}

#[tokio::test]
async fn p19_an_application_by_invitation_opens_for_the_invited() {
    let tenant = Tenant::start().await;
    let invited = tenant.application(web("Club", Access::Invited)).await.client_id;
    let ann = tenant.person(person("ann@example.test", Some("Ann"), &[])).await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    assert_eq!(browser.authorize_at(&tenant, &invited.to_string(), "").await.status, 403);
    let add = tenant.app.db.write(move |tx| {
        Box::pin(async move {
            let sql = "INSERT INTO application_invitee (application_id, user_id, created_at) VALUES ($1, $2, 0)";
            tx.execute(sql, &polder_db::args![invited, ann]).await
        })
    });
    add.await.unwrap();
    assert!(has_code(&browser.authorize_at(&tenant, &invited.to_string(), "").await));
}

#[tokio::test]
async fn b91_a_public_client_anyone_could_pose_as_asks_before_it_answers() {
    let tenant = Tenant::start().await;
    let redirect = "com.example.app:/callback";
    let native = NewApplication {
        kind: ApplicationType::Native,
        redirect_uris: vec![redirect.to_owned()],
        ..web("Phone", Access::Everyone)
    };
    let native = tenant.application(native).await.client_id.to_string();
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    tenant.advance(60);
    let silent = browser.get(&tenant, &authorize_url(&native, redirect, "&prompt=none")).await;
    assert!(silent.location().starts_with("com.example.app:/callback?error=interaction_required"));
    let answer = browser.get(&tenant, &authorize_url(&native, redirect, "")).await;
    let page = browser.follow(&tenant, answer).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-security-policy").unwrap().contains("form-action 'self' com.example.app:;"));
    let answer = browser.post(&tenant, &form(&page, "continue-form"), &[]).await;
    assert!(answer.location().starts_with("com.example.app:/callback?code="), "{}", answer.location());
}

#[tokio::test]
async fn prompt_login_and_max_age_ask_again_and_none_asks_nothing() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let stranger = browser.authorize(&tenant, "&prompt=none").await;
    assert!(stranger.location().contains("error=login_required"));
    browser.sign_in(&tenant, "ann@example.test").await;
    tenant.advance(60);
    assert!(has_code(&browser.authorize(&tenant, "&prompt=none").await));
    assert!(has_code(&browser.authorize(&tenant, "&max_age=60").await));
    assert!(has_form(&browser.authorize(&tenant, "&max_age=59").await, "email-form"));
    let page = browser.authorize(&tenant, "&prompt=login").await;
    assert!(has_form(&page, "email-form"));
    assert!(has_code(&browser.finish(&tenant, page, "ann@example.test").await));
    assert!(has_form(&browser.authorize(&tenant, "&prompt=select_account").await, "continue-form"));
}

#[tokio::test]
async fn e19_another_account_is_a_switch_away_and_both_stay_signed_in() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    tenant.advance(60);
    let page = browser.authorize(&tenant, "&prompt=select_account").await;
    let page = browser.post(&tenant, &form(&page, "switch-form"), &[]).await;
    assert_eq!(page.status, 200);
    assert!(has_code(&browser.finish(&tenant, page, "bob@example.test").await));
    let live = "SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL";
    assert_eq!((tenant.count("SELECT COUNT(*) AS n FROM session").await, tenant.count(live).await), (2, 2));
}

#[tokio::test]
async fn cancelling_tells_the_application() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    let answer = browser.post(&tenant, &form(&page, "cancel-form"), &[]).await;
    assert!(answer.location().starts_with(CALLBACK) && answer.location().contains("error=access_denied"));
    assert_eq!((browser.flows().count(), browser.session()), (0, None), "{:?}", browser.cookies);
}

#[tokio::test]
async fn b98_no_step_is_skipped_by_asking_for_a_later_one() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.authorize(&tenant, "").await;
    let start = form(&page, "email-form");
    for (action, field) in [
        ("/signin/code", ("code", "00000000")),
        ("/signin/resend", ("x", "")),
        ("/signin/name", ("name", "Eve")),
        ("/signin/continue", ("x", "")),
    ] {
        let form = crate::browser::Form { action: action.into(), ..start.clone() };
        let answer = browser.post(&tenant, &form, &[field]).await;
        assert!(!has_code(&answer) && browser.session().is_none(), "{action}: {answer:?}");
        assert!(answer.status == 400 || answer.location().starts_with("/signin?flow="), "{action}: {}", answer.status);
    }
}

#[tokio::test]
async fn b98_a_flow_that_made_its_session_makes_no_other() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    let before = browser.clone();
    browser.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    // The cookies of before the proof, rolled back: the code is spent and the flow is over.
    let mut rolled_back = before;
    let again = rolled_back.post(&tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    assert_eq!(again.status, 422);
    assert!(rolled_back.session().is_none());
    let email = crate::browser::Form { action: "/signin/email".into(), ..form(&page, "code-form") };
    assert_eq!(rolled_back.post(&tenant, &email, &[("email", "eve@example.test")]).await.status, 400);
}

#[tokio::test]
async fn b33_a_redirect_uri_that_was_withdrawn_while_a_sign_in_waited_is_not_gone_to() {
    let tenant = Tenant::start().await;
    let target = format!("/applications/{}", tenant.client_id);
    let mut browser = Browser::default();
    let page = browser.ask_for_code(&tenant, "ann@example.test").await;
    let code = tenant.code_for("ann@example.test").await.unwrap();
    let elsewhere = serde_json::json!({ "redirect_uris": ["https://app.example.test/other"] });
    assert_eq!(crate::admin::caller::call(&tenant, "PATCH", &target, Some(elsewhere)).await.0, 200);
    let shown = browser.get(&tenant, "/signin").await;
    assert_eq!(shown.status, 400);
    for (typed, action) in [("code", "/signin/code"), ("none", "/signin/cancel"), ("none", "/signin/continue")] {
        let pressed = crate::browser::Form { action: action.into(), ..form(&page, "code-form") };
        let answer = browser.post(&tenant, &pressed, &[(typed, &code)]).await;
        assert_eq!((answer.status, answer.location()), (400, ""), "{action}");
    }
}

#[tokio::test]
async fn e02_a_form_from_another_site_finds_the_session_and_no_cookie_is_sent_everywhere() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(&tenant, "ann@example.test").await));
    let fields = authorize_url(&tenant.client_id, CALLBACK, "").split_once('?').unwrap().1.to_owned();
    // The browser keeps its `Lax` cookies from a form that another site sends.
    let cookies = std::mem::take(&mut browser.cookies);
    let request = browser
        .request(&tenant, "POST", "/authorize")
        .header("origin", "https://app.example.test")
        .header("sec-fetch-site", "cross-site")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(axum::body::Body::from(fields))
        .unwrap();
    let answer = tenant.public(request).await;
    assert_eq!((answer.status, answer.cookies().len()), (303, 0));
    assert!(answer.location().starts_with("/authorize?"));
    // It follows the redirect with them.
    browser.cookies = cookies;
    let target = answer.location().to_owned();
    let answer = browser.get(&tenant, &target).await;
    assert!(has_code(&answer), "{answer:?}");
    let page = Browser::default().authorize(&tenant, "").await;
    for cookie in [answer.cookies(), page.cookies()].concat() {
        assert!(cookie.contains("SameSite=Lax"), "{cookie}");
    }
}

#[tokio::test]
async fn e19_going_on_counts_for_the_person_who_was_shown_and_nobody_else() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, "ann@example.test").await;
    tenant.advance(60);
    let ann = browser.authorize(&tenant, "&prompt=select_account").await;
    assert!(has_form(&ann, "continue-form"));
    // Meanwhile somebody else signs in, in another window of the same browser.
    tenant.advance(1);
    let other = browser.authorize(&tenant, "&prompt=login").await;
    assert!(has_code(&browser.finish(&tenant, other, "bob@example.test").await));
    let mut gone = browser.clone();
    tenant.advance(1);
    let late = browser.post(&tenant, &form(&ann, "continue-form"), &[]).await;
    assert!(has_code(&late), "{late:?}");
    assert_eq!(crate::accounts::newest_code_of(&tenant).await, "ann@example.test", "who was shown, not who was last");
    // Her secret is another since: where the old one still lies she is not here, and nobody goes on in her place.
    let page = gone.authorize(&tenant, "&prompt=select_account").await;
    let fields = vec![("person".to_owned(), "AAAA".to_owned())];
    let mut pressed = form(&page, "continue-form");
    pressed.fields.retain(|(name, _)| name != "person");
    pressed.fields.extend(fields);
    let late = gone.post(&tenant, &pressed, &[]).await;
    assert!(late.location().starts_with("/signin?flow="), "{late:?}");
}

#[tokio::test]
async fn b91_signing_in_in_another_window_is_no_word_for_an_application_anyone_could_pose_as() {
    let tenant = Tenant::start().await;
    let native = NewApplication {
        kind: ApplicationType::Native,
        redirect_uris: vec!["com.example.app:/callback".to_owned()],
        ..web("App", Access::Everyone)
    };
    let native = tenant.application(native).await.client_id.to_string();
    let mut browser = Browser::default();
    let opened = browser.get(&tenant, &authorize_url(&native, "com.example.app:/callback", "")).await;
    let waiting = opened.location().to_owned();
    tenant.advance(1);
    assert!(has_code(&browser.sign_in(&tenant, "ann@example.test").await));
    // Coming back to the window that the application opened shows who asks, and gives nothing by itself.
    let page = browser.get(&tenant, &waiting).await;
    assert!(has_form(&page, "continue-form"), "{} {}", page.status, page.location());
    let answer = browser.post(&tenant, &form(&page, "continue-form"), &[]).await;
    assert!(answer.location().starts_with("com.example.app:/callback?code="), "{}", answer.location());
}

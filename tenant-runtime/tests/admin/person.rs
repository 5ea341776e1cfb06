//! What an administrator sees and does about one person.

use polder_tenant_api::UserId;
use polder_tenant_runtime::imports::work;
use serde_json::{Value, json};

use super::caller::call;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, Tenant, person};

const ANN: &str = "ann@example.test";

async fn id_of(tenant: &Tenant, address: &str) -> UserId {
    let (_, found) = call(tenant, "GET", &format!("/users?email={address}"), None).await;
    found["items"][0]["id"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn k17_factors_are_shown_and_the_app_is_removed_alone() {
    let tenant = Tenant::start().await;
    crate::passkeys::with_passkey(&tenant, ANN).await;
    let ann = id_of(&tenant, ANN).await;
    let path = format!("/users/{ann}");
    let (_, factors) = call(&tenant, "GET", &format!("{path}/factors"), None).await;
    assert_eq!(factors, json!({ "passkeys": 1, "authenticator_app": null, "recovery_codes": null }));
    assert_eq!(call(&tenant, "DELETE", &format!("{path}/authenticator-app"), None).await.0, 404, "there is none");
    crate::address::add_app_and_codes(&tenant, ann).await;
    let (_, factors) = call(&tenant, "GET", &format!("{path}/factors"), None).await;
    assert_eq!((&factors["recovery_codes"]["left"], factors["authenticator_app"].is_object()), (&json!(2), true));
    let before = tenant.mails().await.len();
    assert_eq!(call(&tenant, "DELETE", &format!("{path}/authenticator-app"), None).await.0, 204);
    let (_, factors) = call(&tenant, "GET", &format!("{path}/factors"), None).await;
    assert_eq!(factors, json!({ "passkeys": 1, "authenticator_app": null, "recovery_codes": null }));
    assert_eq!((tenant.mails().await.len(), tenant.audited("totp.removed").await), (before + 1, 1), "they are told");
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 1, "sessions stay");
}

#[tokio::test]
async fn e11_all_sessions_of_a_person_end_and_nobody_elses() {
    let tenant = Tenant::start().await;
    for address in [ANN, ANN, "bo@example.test"] {
        tenant.advance(60);
        Browser::default().sign_in(&tenant, address).await;
    }
    let ann = id_of(&tenant, ANN).await;
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}/sessions"), None).await.0, 204);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM session WHERE ended_at IS NULL").await, 1);
    assert_eq!(tenant.audited("session.ended").await, 2);
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{ann}/sessions"), None).await.0, 204, "there may be none");
    assert_eq!(tenant.audited("session.ended").await, 2);
}

#[tokio::test]
async fn p8_an_applications_access_is_shown_and_taken_away() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    let other = polder_tenant_api::NewApplication {
        third_party: true,
        ..crate::tenant::web("Weather", polder_tenant_api::Access::Everyone)
    };
    let other = tenant.application(other).await.client_id;
    browser.sign_in(&tenant, ANN).await;
    let page = browser.authorize_at(&tenant, &other.to_string(), "").await;
    assert!(has_form(&page, "consent-form"), "{}", page.body);
    let answer = browser.post(&tenant, &form(&page, "consent-form"), &[]).await;
    assert!(has_code(&answer), "{answer:?}");
    let ann = id_of(&tenant, ANN).await;
    let path = format!("/users/{ann}/applications");
    let consents = "SELECT COUNT(*) AS n FROM consent WHERE ended_at IS NULL";
    assert_eq!(tenant.count(consents).await, 1);
    assert_eq!(call(&tenant, "GET", &path, None).await.0, 200);
    assert_eq!(call(&tenant, "DELETE", &format!("{path}/{other}"), None).await.0, 204);
    assert_eq!((tenant.count(consents).await, tenant.audited("consent.withdrawn").await), (0, 1));
    assert_eq!(call(&tenant, "DELETE", &format!("{path}/{other}"), None).await.0, 404, "it has none any more");
    let page = browser.authorize_at(&tenant, &other.to_string(), "").await;
    assert!(has_form(&page, "consent-form"), "they are asked again");
}

/// The link in the newest mail to an address, and how many there are.
async fn notices(tenant: &Tenant, to: &str) -> Vec<String> {
    let mails = tenant.mails().await;
    mails.into_iter().filter(|mail| mail.to.as_str() == to).map(|mail| mail.text).collect()
}

async fn undo(tenant: &Tenant, text: &str) -> Answer {
    let link = text.lines().find(|line| line.contains("/account/email/undo?")).expect("a link");
    let mut browser = Browser::default();
    let page = browser.get(tenant, link.trim_start_matches(crate::tenant::ISSUER)).await;
    browser.post(tenant, &form(&page, "undo-form"), &[]).await
}

#[tokio::test]
async fn d19_an_administrator_corrects_an_address_and_the_old_one_is_told() {
    let tenant = Tenant::start().await;
    Browser::default().sign_in(&tenant, ANN).await;
    let ann = id_of(&tenant, ANN).await;
    let path = format!("/users/{ann}");
    let before = notices(&tenant, ANN).await.len();
    let (status, changed) = call(&tenant, "PATCH", &path, Some(json!({ "email": "Ann.New@example.test" }))).await;
    assert_eq!(
        (status, &changed["email"], &changed["email_verified"]),
        (200, &json!("ann.new@example.test"), &json!(false))
    );
    let told = notices(&tenant, ANN).await;
    assert_eq!((told.len(), tenant.audited("email.changed").await), (before + 1, 1));
    assert!(notices(&tenant, "ann.new@example.test").await.is_empty(), "nothing goes to an address nobody proved");
    // It cannot be given to somebody else while the change can be undone.
    let bo = tenant.person(person("bo@example.test", None, &[])).await;
    let (status, problem) = call(&tenant, "PATCH", &format!("/users/{bo}"), Some(json!({ "email": ANN }))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("email_taken")));
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "email": "bo@example.test" }))).await.0, 409);
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "email": "nonsense" }))).await.0, 422);
    // The same address is no change.
    assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "email": "ann.new@example.test" }))).await.0, 200);
    assert_eq!(tenant.audited("email.changed").await, 1);
    assert_eq!(undo(&tenant, told.last().unwrap()).await.status, 200);
    assert_eq!(id_of(&tenant, ANN).await, ann, "whoever proved it has the last word for a week");
    // Where nobody proved the old one, it may be a stranger's: told, and no way to take the account.
    assert_eq!(
        call(&tenant, "PATCH", &format!("/users/{bo}"), Some(json!({ "email": "bob@example.test" }))).await.0,
        200
    );
    let told = notices(&tenant, "bo@example.test").await;
    assert!(told.len() == 1 && !told[0].contains("undo"), "{told:?}");
}

#[tokio::test]
async fn d19_an_address_that_can_be_taken_back_is_given_to_nobody() {
    let tenant = Tenant::start().await;
    Browser::default().sign_in(&tenant, ANN).await;
    let ann = id_of(&tenant, ANN).await;
    let moved = json!({ "email": "ann.new@example.test" });
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{ann}"), Some(moved)).await.0, 200);
    let (status, problem) = call(&tenant, "POST", "/users", Some(json!({ "email": ANN }))).await;
    assert_eq!((status, &problem["code"]), (409, &json!("email_taken")));
    for existing in ["skip", "update"] {
        let file = json!({ "content": format!("email,name\n{ANN},Somebody else\n"), "existing": existing });
        let (status, import) = call(&tenant, "POST", "/users/imports", Some(file)).await;
        assert_eq!(status, 202, "{import}");
        work::round(&tenant.app).await.unwrap();
        let (_, done) = call(&tenant, "GET", &format!("/users/imports/{}", import["id"].as_str().unwrap()), None).await;
        assert_eq!((&done["created"], &done["updated"], &done["skipped"]), (&json!(0), &json!(0), &json!(1)), "{done}");
    }
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM user_account").await, 1);
    let told = notices(&tenant, ANN).await;
    assert_eq!(undo(&tenant, told.last().unwrap()).await.status, 200);
    assert_eq!(id_of(&tenant, ANN).await, ann);
}

#[tokio::test]
async fn d19_a_link_to_undo_that_found_the_address_taken_works_once_it_is_free() {
    let tenant = Tenant::start().await;
    Browser::default().sign_in(&tenant, ANN).await;
    let ann = id_of(&tenant, ANN).await;
    let moved = json!({ "email": "ann.new@example.test" });
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{ann}"), Some(moved)).await.0, 200);
    let told = notices(&tenant, ANN).await;
    // As a version before this one could give it away.
    let other = tenant.person(person(ANN, None, &[])).await;
    undo(&tenant, told.last().unwrap()).await;
    assert_eq!(tenant.audited("email_change.undone").await, 0);
    assert_eq!(call(&tenant, "DELETE", &format!("/users/{other}"), None).await.0, 204);
    assert_eq!(undo(&tenant, told.last().unwrap()).await.status, 200);
    assert_eq!((id_of(&tenant, ANN).await, tenant.audited("email_change.undone").await), (ann, 1));
}

#[tokio::test]
async fn k17_an_invitation_goes_again_but_not_at_once_and_not_to_who_came() {
    let tenant = Tenant::start().await;
    let ann = tenant.person(person(ANN, None, &[])).await;
    let path = format!("/users/{ann}/invitation");
    assert_eq!(call(&tenant, "POST", &path, None).await.0, 204);
    let (status, problem) = call(&tenant, "POST", &path, None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("invited_just_now")));
    tenant.advance(61);
    assert_eq!(call(&tenant, "POST", &path, None).await.0, 204);
    assert_eq!((notices(&tenant, ANN).await.len(), tenant.audited("user.invited").await), (2, 2));
    Browser::default().sign_in(&tenant, ANN).await;
    tenant.advance(61);
    let (status, problem) = call(&tenant, "POST", &path, None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("address_proved")));
    let nobody = "019a0000-0000-7000-8000-00000000dead";
    for (method, path) in [
        ("POST", format!("/users/{nobody}/invitation")),
        ("POST", format!("/users/{nobody}/data")),
        ("GET", format!("/users/{nobody}/factors")),
        ("GET", format!("/users/{nobody}/applications")),
        ("DELETE", format!("/users/{nobody}/sessions")),
        ("DELETE", format!("/users/{nobody}/authenticator-app")),
        ("DELETE", format!("/users/{nobody}/applications/{nobody}")),
        ("PATCH", format!("/users/{nobody}")),
    ] {
        let body = (method == "PATCH").then(|| json!({ "email": "x@example.test" }));
        assert_eq!(call(&tenant, method, &path, body).await.0, 404, "{method} {path}");
    }
}

#[tokio::test]
async fn h01_an_administrator_hands_out_what_the_person_downloads_and_the_log_says_so() {
    let tenant = Tenant::start().await;
    Browser::default().sign_in(&tenant, ANN).await;
    let ann = id_of(&tenant, ANN).await;
    let (status, file) = call(&tenant, "POST", &format!("/users/{ann}/data"), None).await;
    assert_eq!((status, &file["format"], &file["profile"]["email"]), (200, &json!("polder.account/1"), &json!(ANN)));
    assert_eq!(file["sessions"].as_array().map(Vec::len), Some(1));
    let (_, log) = call(&tenant, "GET", "/audit-events?action=data.downloaded", None).await;
    let Value::Array(events) = &log["items"] else { panic!("{log}") };
    assert_eq!((events.len(), &events[0]["actor_kind"], &events[0]["user_id"]), (1, &json!("member"), &json!(ann)));
}

//! Fields of a tenant's own: defined, filled in, shown to applications, taken along and erased (K9).

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::Request;
use scraper::{Html, Selector};
use serde_json::{Value, json};

use crate::account::come_in;
use crate::admin::caller::call;
use crate::browser::{Browser, form, has_code, has_form};
use crate::tenant::{Answer, CALLBACK, Tenant};

const ANN: &str = "ann@example.test";

async fn define(tenant: &Tenant, name: &str, definition: Value) {
    let (status, answer) = call(tenant, "PUT", &format!("/profile-fields/{name}"), Some(definition)).await;
    assert!(status == 200 || status == 201, "{name}: {answer}");
}

async fn person(tenant: &Tenant) -> Value {
    let (_, found) = call(tenant, "GET", "/users?email=ann%40example.test", None).await;
    found["items"][0].clone()
}

fn problems(page: &Answer) -> Vec<String> {
    let html = Html::parse_document(&page.body);
    let problem = Selector::parse("p.problem").unwrap();
    html.select(&problem).map(|p| p.attr("id").unwrap().trim_end_matches("-problem").to_owned()).collect()
}

/// From the first page to the question for the name.
async fn to_questions(tenant: &Tenant, browser: &mut Browser) -> Answer {
    let page = browser.authorize(tenant, "").await;
    let page = browser.type_address(tenant, &page, ANN).await;
    let code = tenant.code_for(ANN).await.unwrap();
    let answer = browser.post(tenant, &form(&page, "code-form"), &[("code", &code)]).await;
    browser.follow(tenant, answer).await
}

#[tokio::test]
async fn k9_fields_are_defined_by_administrators_and_refused_where_they_make_no_sense() {
    let tenant = Tenant::start().await;
    for (name, definition, pointer) in [
        ("Name", json!({ "type": "text" }), "/name"),
        ("x", json!({ "type": "choice" }), "/choices"),
        ("x", json!({ "type": "text", "choices": [{ "value": "a" }] }), "/choices"),
        ("x", json!({ "type": "choice", "choices": [{ "value": "a" }, { "value": "a" }] }), "/choices"),
        ("x", json!({ "type": "text", "minimum": 1 }), "/minimum"),
        ("x", json!({ "type": "number", "minimum": 2, "maximum": 1 }), "/minimum"),
        ("x", json!({ "type": "text", "max_length": 0 }), "/max_length"),
        ("x", json!({ "type": "text", "labels": { "en": "a\u{202e}b" } }), "/labels"),
        ("x", json!({ "type": "text", "at_sign_up": true, "editable_by": "administrator" }), "/at_sign_up"),
        ("x", json!({ "type": "text", "claim": { "name": "sub", "scope": "profile" } }), "/claim/name"),
        ("x", json!({ "type": "text", "claim": { "name": "Email_Verified", "scope": "profile" } }), "/claim/name"),
        ("x", json!({ "type": "text", "claim": { "name": "groups", "scope": "profile" } }), "/claim/name"),
        ("x", json!({ "type": "text", "claim": { "name": "a b", "scope": "profile" } }), "/claim/name"),
        ("x", json!({ "type": "text", "claim": { "name": "ok", "scope": "openid" } }), "/claim/scope"),
        ("x", json!({ "type": "text", "claim": { "name": "ok", "scope": "a b" } }), "/claim/scope"),
    ] {
        let (status, answer) = call(&tenant, "PUT", &format!("/profile-fields/{name}"), Some(definition.clone())).await;
        assert_eq!((status, answer["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{definition}: {answer}");
    }
    define(&tenant, "one", json!({ "type": "text", "claim": { "name": "mine", "scope": "profile" } })).await;
    let same = json!({ "type": "text", "claim": { "name": "mine", "scope": "profile" } });
    assert_eq!(call(&tenant, "PUT", "/profile-fields/two", Some(same)).await.0, 422, "one field for each claim");
    assert_eq!(call(&tenant, "PUT", "/profile-fields/one", Some(json!({ "type": "date" }))).await.0, 409);
    let (_, all) = call(&tenant, "GET", "/profile-fields", None).await;
    assert_eq!((all["items"].as_array().unwrap().len(), &all["items"][0]["name"]), (1, &json!("one")));
    assert_eq!(call(&tenant, "DELETE", "/profile-fields/one", None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", "/profile-fields/one", None).await.0, 404);
    assert_eq!(tenant.audited("profile_field.changed").await, 1);
}

/// The names of the fields, as they are listed.
async fn names(tenant: &Tenant) -> Vec<String> {
    let (_, all) = call(tenant, "GET", "/profile-fields", None).await;
    all["items"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn k9_fields_stand_in_the_order_that_an_administrator_gave_them() {
    let tenant = Tenant::start().await;
    for name in ["one", "two", "three"] {
        define(&tenant, name, json!({ "type": "text", "at_sign_up": true })).await;
        tenant.clock.advance(std::time::Duration::from_millis(5));
    }
    assert_eq!(names(&tenant).await, ["one", "two", "three"], "as they were made");
    let (status, put) =
        call(&tenant, "PUT", "/profile-fields", Some(json!({ "names": ["three", "one", "two"] }))).await;
    assert_eq!((status, &put["items"][0]["name"]), (200, &json!("three")));
    assert_eq!(names(&tenant).await, ["three", "one", "two"]);
    // What is not each of them once changes nothing.
    for wrong in [
        json!({ "names": [] }),
        json!({ "names": ["three", "one"] }),
        json!({ "names": ["three", "one", "two", "two"] }),
        json!({ "names": ["three", "one", "two", "four"] }),
        json!({ "names": ["three", "one", "one"] }),
        json!({ "names": ["three", "one", "two"], "more": 1 }),
        json!({}),
    ] {
        let (status, answer) = call(&tenant, "PUT", "/profile-fields", Some(wrong.clone())).await;
        assert_eq!(status, 422, "{wrong}: {answer}");
    }
    assert_eq!(names(&tenant).await, ["three", "one", "two"]);
    assert_eq!(tenant.audited("profile_fields.ordered").await, 1);
    // A changed field stays where it is, and a new one is the last.
    define(&tenant, "one", json!({ "type": "text", "at_sign_up": true, "max_length": 20 })).await;
    define(&tenant, "fourth", json!({ "type": "text" })).await;
    assert_eq!(names(&tenant).await, ["three", "one", "two", "fourth"]);
    // People see them so where they are asked.
    let mut browser = Browser::default();
    let page = to_questions(&tenant, &mut browser).await;
    let at = |name: &str| {
        page.body.find(&format!("name=\"field_{name}\"")).unwrap_or_else(|| panic!("{name}: {}", page.body))
    };
    assert!(at("three") < at("one") && at("one") < at("two"), "{}", page.body);
}

#[tokio::test]
async fn k9_people_are_asked_when_they_sign_up_and_held_to_what_is_required() {
    let tenant = Tenant::start().await;
    let choices = json!([{ "value": "basic", "labels": { "en": "Basic" } }, { "value": "full" }]);
    define(&tenant, "level", json!({ "type": "choice", "choices": choices, "required": true, "at_sign_up": true }))
        .await;
    define(&tenant, "born", json!({ "type": "date", "at_sign_up": true, "labels": { "en": "Date of birth" } })).await;
    define(&tenant, "shoe", json!({ "type": "number" })).await;
    define(&tenant, "number", json!({ "type": "number", "editable_by": "administrator" })).await;
    let mut browser = Browser::default();
    let page = to_questions(&tenant, &mut browser).await;
    assert!(page.body.contains("Date of birth") && page.body.contains(">Basic<") && !page.body.contains("shoe"));
    let name = form(&page, "name-form");
    let typed = [("name", "Ann"), ("field_born", "31-12-1999")];
    let again = browser.post(&tenant, &name, &typed).await;
    assert_eq!((again.status, problems(&again)), (422, vec!["field_born".to_owned(), "field_level".to_owned()]));
    // Nobody fills in for administrators, nor picks what is no choice.
    let forged = [("name", "Ann"), ("field_level", "gold"), ("field_number", "1")];
    assert_eq!(problems(&browser.post(&tenant, &name, &forged).await), ["field_level"]);
    let right = [("name", "Ann"), ("field_level", "full"), ("field_born", "1999-12-31"), ("field_number", "1")];
    let answer = browser.post(&tenant, &name, &right).await;
    assert!(has_code(&browser.follow(&tenant, answer).await));
    assert_eq!(person(&tenant).await["fields"], json!({ "born": "1999-12-31", "level": "full" }));
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM profile_value WHERE value_sealed LIKE '%full%'").await, 0);
}

#[tokio::test]
async fn k9_who_lacks_a_required_field_is_asked_at_the_next_sign_in() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(&tenant, ANN).await));
    define(&tenant, "level", json!({ "type": "boolean", "required": true, "at_sign_up": true })).await;
    let page = browser.authorize(&tenant, "").await;
    assert!(has_form(&page, "name-form") && page.body.contains("value=\"Ann Example\""), "{}", page.body);
    // Reloading or pressing on leads nowhere else.
    let go_on = crate::browser::Form { action: "/signin/continue".into(), ..form(&page, "name-form") };
    assert!(!has_code(&browser.post(&tenant, &go_on, &[]).await));
    let typed = [("name", "Ann Example"), ("field_level", "yes")];
    let answer = browser.post(&tenant, &form(&page, "name-form"), &typed).await;
    assert!(has_code(&browser.follow(&tenant, answer).await));
    assert!(has_code(&browser.authorize(&tenant, "").await), "once");
    assert_eq!(person(&tenant).await["fields"], json!({ "level": true }));
}

#[tokio::test]
async fn k9_the_profile_page_shows_all_and_changes_what_is_the_persons() {
    let tenant = Tenant::start().await;
    define(&tenant, "motto", json!({ "type": "text", "max_length": 20, "labels": { "en": "Motto" } })).await;
    define(&tenant, "number", json!({ "type": "number", "editable_by": "administrator" })).await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let path = format!("/users/{}", person(&tenant).await["id"].as_str().unwrap());
    let changed = call(&tenant, "PATCH", &path, Some(json!({ "fields": { "number": 7, "motto": "<b>hi</b>" } }))).await;
    assert_eq!((changed.0, &changed.1["fields"]), (200, &json!({ "motto": "<b>hi</b>", "number": 7 })));
    let page = ann.get(&tenant, "/account/profile").await;
    assert!(page.body.contains("&#60;b&#62;hi") && page.body.contains("<dd>7</dd>"), "{}", page.body);
    let profile = form(&page, "profile-form");
    assert!(!profile.fields.iter().any(|(name, _)| name == "field_number"));
    let again = ann.post(&tenant, &profile, &[("field_motto", &"x".repeat(21)), ("field_number", "8")]).await;
    assert_eq!((again.status, problems(&again)), (422, vec!["field_motto".to_owned()]));
    assert_eq!(ann.post(&tenant, &profile, &[("field_motto", ""), ("field_number", "8")]).await.status, 303);
    assert_eq!(person(&tenant).await["fields"], json!({ "number": 7 }));
    // Removed with the field, and refused where there is none.
    define(&tenant, "motto", json!({ "type": "text", "labels": { "en": "Words" } })).await;
    assert_eq!(
        call(&tenant, "PATCH", &path, Some(json!({ "fields": { "number": null } }))).await.1["fields"],
        json!({})
    );
    for fields in [json!({ "nothing": 1 }), json!({ "number": "7" }), json!({ "motto": { "a": 1 } })] {
        assert_eq!(call(&tenant, "PATCH", &path, Some(json!({ "fields": fields }))).await.0, 422, "{fields}");
    }
}

/// An application with a secret, and one that asks for consent.
async fn application(tenant: &Tenant, third_party: bool) -> (String, String) {
    let new = json!({ "name": "Shop", "type": "web", "redirect_uris": [CALLBACK], "third_party": third_party,
        "preferences": { "scopes": ["membership"] } });
    let (_, made) = call(tenant, "POST", "/applications", Some(new)).await;
    (made["client_id"].as_str().unwrap().to_owned(), made["client_secret"].as_str().unwrap().to_owned())
}

/// What the ID token and userinfo say, for a code.
async fn told(tenant: &Tenant, (id, secret): &(String, String), answer: &Answer) -> (Value, Value) {
    let code = answer.location().split("code=").nth(1).unwrap().split('&').next().unwrap();
    let body = serde_urlencoded::to_string([
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"),
    ]);
    let basic = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    let request = Request::post("/token").header("host", tenant.app.issuer.authority()).header("authorization", basic);
    let request = request.header("content-type", "application/x-www-form-urlencoded").body(body.unwrap().into());
    let tokens: Value = serde_json::from_str(&tenant.public(request.unwrap()).await.body).unwrap();
    let payload = tokens["id_token"].as_str().unwrap().split('.').nth(1).unwrap();
    let bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
    let request =
        Request::get("/userinfo").header("host", tenant.app.issuer.authority()).header("authorization", bearer);
    let info = tenant.public(request.body(axum::body::Body::empty()).unwrap()).await;
    let id_token = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    (id_token, serde_json::from_str(&info.body).unwrap())
}

async fn authorize(tenant: &Tenant, browser: &mut Browser, id: &str, scope: &str) -> Answer {
    let target = crate::browser::authorize_url(id, CALLBACK, "").replace("openid+profile+email", scope);
    let answer = browser.get(tenant, &target).await;
    browser.follow(tenant, answer).await
}

#[tokio::test]
async fn k9_applications_see_a_field_where_its_claim_says_and_under_its_scope_alone() {
    let tenant = Tenant::start().await;
    let claim =
        |scope: &str, id_token: bool| json!({ "name": format!("{scope}_claim"), "scope": scope, "id_token": id_token });
    define(&tenant, "motto", json!({ "type": "text", "claim": claim("profile", false) })).await;
    define(&tenant, "number", json!({ "type": "number", "claim": claim("membership", true) })).await;
    define(&tenant, "quiet", json!({ "type": "text" })).await;
    let mut ann = Browser::default();
    ann.sign_in(&tenant, ANN).await;
    let path = format!("/users/{}", person(&tenant).await["id"].as_str().unwrap());
    let values = json!({ "fields": { "motto": "onwards", "number": 7, "quiet": "secret" } });
    assert_eq!(call(&tenant, "PATCH", &path, Some(values)).await.0, 200);
    let shop = application(&tenant, false).await;
    for (scope, in_token, in_info) in [
        ("openid", Value::Null, (Value::Null, Value::Null)),
        ("openid+profile", Value::Null, (json!("onwards"), Value::Null)),
        ("openid+membership", json!(7), (Value::Null, json!(7))),
    ] {
        let answer = authorize(&tenant, &mut ann, &shop.0, scope).await;
        let (token, info) = told(&tenant, &shop, &answer).await;
        assert_eq!((&token["membership_claim"], &token["profile_claim"]), (&in_token, &Value::Null), "{scope}");
        assert_eq!((&info["profile_claim"], &info["membership_claim"]), (&in_info.0, &in_info.1), "{scope}");
        assert!(!format!("{token}{info}").contains("secret"), "{scope}");
    }
}

#[tokio::test]
async fn k9_b97_an_application_of_others_sees_no_field_that_nobody_agreed_to() {
    let tenant = Tenant::start().await;
    let mut ann = Browser::default();
    ann.sign_in(&tenant, ANN).await;
    let shop = application(&tenant, true).await;
    let page = authorize(&tenant, &mut ann, &shop.0, "openid+profile").await;
    let answer = ann.post(&tenant, &form(&page, "consent-form"), &[]).await;
    let agreed = ann.follow(&tenant, answer).await;
    assert!(has_code(&agreed));
    tenant.advance(5);
    let claim = json!({ "name": "motto", "scope": "profile" });
    define(&tenant, "motto", json!({ "type": "text", "claim": claim, "labels": { "en": "Motto in life" } })).await;
    let path = format!("/users/{}", person(&tenant).await["id"].as_str().unwrap());
    call(&tenant, "PATCH", &path, Some(json!({ "fields": { "motto": "onwards" } }))).await;
    let (_, info) = told(&tenant, &shop, &agreed).await;
    assert_eq!(info.get("motto"), None, "agreed to before it was there");
    // A later yes to less is none to this: the earlier grant goes on without.
    let page = authorize(&tenant, &mut ann, &shop.0, "openid+profile").await;
    let earlier = ann.post(&tenant, &form(&page, "consent-form"), &[]).await;
    let earlier = ann.follow(&tenant, earlier).await;
    tenant.advance(5);
    let page = authorize(&tenant, &mut ann, &shop.0, "openid&prompt=consent").await;
    assert!(has_form(&page, "consent-form") && !page.body.contains("Motto in life"), "{}", page.body);
    let less = ann.post(&tenant, &form(&page, "consent-form"), &[]).await;
    ann.follow(&tenant, less).await;
    assert_eq!(told(&tenant, &shop, &earlier).await.1.get("motto"), None, "agreed to less since");
    tenant.advance(5);
    let page = authorize(&tenant, &mut ann, &shop.0, "openid+profile").await;
    assert!(has_form(&page, "consent-form") && page.body.contains("Motto in life"), "{}", page.body);
    let answer = ann.post(&tenant, &form(&page, "consent-form"), &[]).await;
    let agreed = ann.follow(&tenant, answer).await;
    assert_eq!(told(&tenant, &shop, &agreed).await.1["motto"], "onwards");
    // A new label is no new claim.
    define(&tenant, "motto", json!({ "type": "text", "claim": { "name": "motto", "scope": "profile" } })).await;
    assert!(has_code(&authorize(&tenant, &mut ann, &shop.0, "openid+profile").await));
}

#[tokio::test]
async fn k9_h02_h04_values_are_taken_along_and_go_with_their_field_and_their_person() {
    let tenant = Tenant::start().await;
    define(&tenant, "motto", json!({ "type": "text" })).await;
    define(&tenant, "other", json!({ "type": "text" })).await;
    let mut ann = Browser::default();
    come_in(&tenant, &mut ann, ANN).await;
    let path = format!("/users/{}", person(&tenant).await["id"].as_str().unwrap());
    call(&tenant, "PATCH", &path, Some(json!({ "fields": { "motto": "onwards", "other": "x" } }))).await;
    let page = ann.get(&tenant, "/account/data").await;
    let file = ann.post(&tenant, &form(&page, "download-form"), &[]).await;
    let file: Value = serde_json::from_str(&file.body).unwrap();
    assert_eq!(file["profile"]["fields"], json!({ "motto": "onwards", "other": "x" }));
    assert_eq!(call(&tenant, "DELETE", "/profile-fields/other", None).await.0, 204);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM profile_value").await, 1);
    assert_eq!(call(&tenant, "DELETE", &path, None).await.0, 204);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM profile_value").await, 0);
}

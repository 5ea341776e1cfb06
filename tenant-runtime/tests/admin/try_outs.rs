//! A developer tries a sign-in as their application: what comes of it, and that nobody else can use any part of it.

use polder_tenant_api::{Access, NewApplication, Profile};
use serde_json::{Value, json};

use super::caller::call;
use super::registration::jwks;
use crate::browser::{Browser, authorize_url, has_code};
use crate::tenant::{Answer, ISSUER, Tenant, person, web};

const ANN: &str = "ann@example.test";
/// The console's own address.
const BACK: &str = "https://console.example.test/try-out/callback";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn wish(scope: &str) -> Value {
    json!({ "redirect_uri": BACK, "scope": scope, "state": "the-state", "nonce": "the-nonce",
        "code_challenge": CHALLENGE, "anew": false })
}

/// The address that the browser is sent to.
async fn begin(tenant: &Tenant, client: &str, wish: Value) -> String {
    let (status, begun) = call(tenant, "POST", &format!("/applications/{client}/try-outs"), Some(wish)).await;
    assert_eq!((status, &begun["result"]), (200, &json!("ready")), "{begun}");
    let name = begun["request_uri"].as_str().unwrap();
    format!("/authorize?{}", serde_urlencoded::to_string([("client_id", client), ("request_uri", name)]).unwrap())
}

async fn end(tenant: &Tenant, client: &str, (code, verifier): (&str, &str)) -> (u16, Value) {
    let body = json!({ "code": code, "code_verifier": verifier });
    call(tenant, "POST", &format!("/applications/{client}/try-outs/end"), Some(body)).await
}

/// What the application would have been refused with.
async fn refused(tenant: &Tenant, client: &str, with: (&str, &str)) -> Value {
    let (status, ended) = end(tenant, client, with).await;
    assert_eq!((status, &ended["result"]), (200, &json!("refused")), "{ended}");
    ended
}

fn parameter(answer: &Answer, name: &str) -> Option<String> {
    let query = answer.location().split_once('?')?.1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap();
    pairs.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// A code of a try-out by somebody who is signed in.
async fn code(tenant: &Tenant, browser: &mut Browser, client: &str) -> String {
    let at = begin(tenant, client, wish("openid email")).await;
    let answer = browser.get(tenant, &at).await;
    let answer = browser.follow(tenant, answer).await;
    assert!(answer.location().starts_with(BACK), "{} {}", answer.status, answer.body);
    parameter(&answer, "code").unwrap()
}

async fn ann(tenant: &Tenant) -> Browser {
    let mut browser = Browser::default();
    assert!(has_code(&browser.sign_in(tenant, ANN).await));
    browser
}

async fn made(tenant: &Tenant, new: Value) -> String {
    let (status, made) = call(tenant, "POST", "/applications", Some(new)).await;
    assert_eq!(status, 201, "{made}");
    made["client_id"].as_str().unwrap().to_owned()
}

async fn errors_of(tenant: &Tenant, client: &str) -> usize {
    let (_, errors) = call(tenant, "GET", &format!("/applications/{client}/errors"), None).await;
    errors["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn k17_a_sign_in_is_tried_as_an_application_of_every_kind_and_profile() {
    let tenant = Tenant::start().await;
    let back = ["https://app.example.test/callback"];
    let keyed = json!({ "name": "F", "type": "web", "profile": "fapi2", "redirect_uris": back, "jwks": jwks() });
    let applications = [
        json!({ "name": "W", "type": "web", "redirect_uris": back }),
        json!({ "name": "S", "type": "spa", "redirect_uris": back }),
        json!({ "name": "N", "type": "native", "redirect_uris": ["com.example.app:/cb"] }),
        json!({ "name": "C", "type": "web", "profile": "compat", "redirect_uris": back }),
        json!({ "name": "T", "type": "web", "redirect_uris": back, "third_party": true }),
        keyed,
    ];
    for new in applications {
        let (name, fapi, third) = (new["name"].clone(), new["profile"] == "fapi2", new["third_party"] == true);
        let client = made(&tenant, new).await;
        let mut browser = Browser::default();
        let at = begin(&tenant, &client, wish("openid profile email offline_access")).await;
        let page = browser.get(&tenant, &at).await;
        let page = browser.follow(&tenant, page).await;
        let mut answer = browser.finish(&tenant, page, ANN).await;
        if third {
            answer = browser.post(&tenant, &crate::browser::form(&answer, "consent-form"), &[]).await;
        }
        assert!(answer.location().starts_with(BACK), "{name}: {} {}", answer.status, answer.body);
        assert_eq!(parameter(&answer, "state").as_deref(), Some("the-state"), "{name}");
        assert_eq!(parameter(&answer, "iss").as_deref(), Some(ISSUER), "{name}");
        let code = parameter(&answer, "code").unwrap();
        let (status, ended) = end(&tenant, &client, (&code, VERIFIER)).await;
        assert_eq!((status, &ended["result"]), (200, &json!("signed_in")), "{name}: {ended}");
        let claims = &ended["id_token"];
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(client)), "{name}");
        assert_eq!((&claims["nonce"], &claims["amr"]), (&json!("the-nonce"), &json!(["otp"])), "{name}");
        assert_eq!(ended["id_token_alg"], if fapi { "ES256" } else { "RS256" }, "{name}");
        assert_eq!((&ended["userinfo"]["email"], &ended["userinfo"]["sub"]), (&json!(ANN), &claims["sub"]), "{name}");
        assert_eq!(ended["acr"], "urn:polder:acr:email", "{name}");
        assert!(ended["scope"].as_str().unwrap().starts_with("openid profile email"), "{name}: {ended}");
        // Claims, and nothing that could be used anywhere.
        assert!(!ended.to_string().contains("eyJ"), "{name}: {ended}");
    }
    for nothing in ["oauth_grant", "session_application", "application_error"] {
        let sql = match nothing {
            "oauth_grant" => "SELECT COUNT(*) AS n FROM oauth_grant",
            "session_application" => "SELECT COUNT(*) AS n FROM session_application",
            _ => "SELECT COUNT(*) AS n FROM application_error",
        };
        assert_eq!(tenant.count(sql).await, 0, "{nothing}");
    }
    assert_eq!(tenant.audited("application.try_out_began").await, 6);
    assert_eq!(tenant.audited("application.tried_out").await, 6);
    let at_rest = "SELECT COUNT(*) AS n FROM pushed_request WHERE request_sealed LIKE '%openid%'";
    assert_eq!(tenant.count(at_rest).await, 0);
}

#[tokio::test]
async fn k17_without_openid_there_is_nothing_about_the_person() {
    let tenant = Tenant::start().await;
    let mut browser = ann(&tenant).await;
    let at = begin(&tenant, &tenant.client_id, wish("")).await;
    let answer = browser.get(&tenant, &at).await;
    let code = parameter(&answer, "code").unwrap();
    let (_, ended) = end(&tenant, &tenant.client_id, (&code, VERIFIER)).await;
    assert_eq!((&ended["result"], &ended["scope"]), (&json!("signed_in"), &json!("")));
    assert_eq!((&ended["id_token"], &ended["userinfo"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn a17_a_try_out_anew_asks_who_is_signed_in_once_more() {
    let tenant = Tenant::start().await;
    let mut browser = ann(&tenant).await;
    tenant.advance(5);
    let mut anew = wish("openid");
    anew["anew"] = json!(true);
    let at = begin(&tenant, &tenant.client_id, anew).await;
    let answer = browser.get(&tenant, &at).await;
    let page = browser.follow(&tenant, answer).await;
    assert!(!page.location().starts_with(BACK), "{}", page.location());
}

#[tokio::test]
async fn b33_only_what_the_control_plane_pushed_leads_to_its_address() {
    let tenant = Tenant::start().await;
    let mut browser = ann(&tenant).await;
    let client = tenant.client_id.clone();
    // As anybody would ask.
    let asked = browser.get(&tenant, &authorize_url(&client, BACK, "")).await;
    assert_eq!((asked.status, asked.location()), (400, ""));
    // With a request of a try-out beside it, and with something that looks like one.
    let at = begin(&tenant, &client, wish("openid")).await;
    let beside = browser.get(&tenant, &format!("{}&request_uri=x", authorize_url(&client, BACK, ""))).await;
    assert_eq!((beside.status, beside.location()), (400, ""));
    let made_up = "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Atry-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let made_up = browser.get(&tenant, &format!("/authorize?client_id={client}&request_uri={made_up}")).await;
    assert_eq!((made_up.status, made_up.location()), (400, ""));
    // Another application cannot open it, whatever else stands in the address changes nothing, and it is answered once.
    let other = tenant.application(web("Other", Access::Everyone)).await.client_id.to_string();
    let foreign = browser.get(&tenant, &at.replace(&client, &other)).await;
    assert_eq!((foreign.status, foreign.location()), (400, ""));
    let led = browser.get(&tenant, &format!("{at}&redirect_uri=https%3A%2F%2Fevil.example&state=x")).await;
    assert!(led.location().starts_with(BACK) && led.location().contains("state=the-state"), "{}", led.location());
    let again = browser.get(&tenant, &at).await;
    assert_eq!((again.status, again.location()), (400, ""), "once");
    // It waits for a minute.
    let at = begin(&tenant, &client, wish("openid")).await;
    tenant.advance(61);
    assert_eq!(browser.get(&tenant, &at).await.status, 400);
    // The address that was asked for by anybody is a mistake of the application's; what became of try-outs is none.
    assert_eq!(errors_of(&tenant, &client).await, 1, "the request of anybody, and the one beside it alike");
    assert_eq!(errors_of(&tenant, &other).await, 0);
}

#[tokio::test]
async fn b13_the_code_of_a_try_out_is_good_for_nothing_else() {
    let tenant = Tenant::start().await;
    let client = made(&tenant, json!({ "name": "S", "type": "spa", "redirect_uris": ["https://a.example/cb"] })).await;
    let other = made(&tenant, json!({ "name": "O", "type": "spa", "redirect_uris": ["https://a.example/cb"] })).await;
    let mut browser = ann(&tenant).await;
    let first = code(&tenant, &mut browser, &client).await;
    // The application itself, which proves nothing, does not even with the verifier get anything for it.
    for named in [&client, &other] {
        let body = serde_urlencoded::to_string([
            ("grant_type", "authorization_code"),
            ("client_id", named),
            ("code", &first),
            ("code_verifier", VERIFIER),
            ("redirect_uri", BACK),
        ]);
        let request = http::Request::post("/token")
            .header("host", "login.example.test")
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = tenant.public(request.body(body.unwrap().into()).unwrap()).await;
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("invalid_grant"), "{}", answer.body);
    }
    // Another application's name, another verifier, another code, none.
    for (client, with) in [
        (&other, (first.as_str(), VERIFIER)),
        (&client, (first.as_str(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")),
        (&client, (first.as_str(), "")),
        (&client, ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", VERIFIER)),
        (&client, ("", VERIFIER)),
    ] {
        let ended = refused(&tenant, client, with).await;
        assert_eq!(ended["error"], "invalid_grant", "{ended}");
        assert!(!ended.to_string().contains(ANN));
    }
    assert_eq!(end(&tenant, &client, (&first, VERIFIER)).await.1["result"], "signed_in", "nothing used it up");
    let again = refused(&tenant, &client, (&first, VERIFIER)).await;
    assert_eq!((&again["kind"], &again["reason"]), (&json!("code"), &json!("used before")));
    // The code of an ordinary sign-in is not the control plane's to look into.
    let answer = browser.get(&tenant, &authorize_url(&tenant.client_id, crate::tenant::CALLBACK, "")).await;
    let ordinary = parameter(&answer, "code").unwrap();
    assert_eq!(refused(&tenant, &tenant.client_id, (&ordinary, VERIFIER)).await["reason"], "unknown code");
    // A code lives as long as any.
    let late = code(&tenant, &mut browser, &client).await;
    tenant.advance(61);
    assert_eq!(refused(&tenant, &client, (&late, VERIFIER)).await["reason"], "expired");
    assert_eq!(tenant.audited("application.tried_out").await, 1);
}

#[tokio::test]
async fn b14_of_many_ends_with_one_code_one_is_first() {
    let tenant = Tenant::start().await;
    let mut browser = ann(&tenant).await;
    let code = code(&tenant, &mut browser, &tenant.client_id.clone()).await;
    let ends = (0..20).map(|_| end(&tenant, &tenant.client_id, (&code, VERIFIER)));
    let all = futures_util::future::join_all(ends).await;
    assert_eq!(all.iter().filter(|(_, ended)| ended["result"] == "signed_in").count(), 1, "{all:?}");
}

#[tokio::test]
async fn e11_a_try_out_ends_with_what_let_the_person_in() {
    let tenant = Tenant::start().await;
    let role = Access::Role { role: "coach".to_owned() };
    let new = NewApplication { profile: Profile::Compat, ..web("Coaches", role) };
    let client = tenant.application(new).await.client_id.to_string();
    let id = tenant.person(person(ANN, Some("Ann"), &["coach"])).await;
    let mut browser = ann(&tenant).await;
    let first = code(&tenant, &mut browser, &client).await;
    call(&tenant, "PATCH", &format!("/users/{id}"), Some(json!({ "roles": [] }))).await;
    let ended = refused(&tenant, &client, (&first, VERIFIER)).await;
    assert_eq!(ended["reason"], "the application no longer admits the person");
    call(&tenant, "PATCH", &format!("/users/{id}"), Some(json!({ "roles": ["coach"] }))).await;
    let second = code(&tenant, &mut browser, &client).await;
    tenant.disable(id).await;
    refused(&tenant, &client, (&second, VERIFIER)).await;
}

#[tokio::test]
async fn k17_what_the_application_would_be_refused_with_is_told_before_anybody_signs_in() {
    let tenant = Tenant::start().await;
    let machine = made(&tenant, json!({ "name": "M", "type": "machine" })).await;
    let off = tenant.application(web("Off", Access::Everyone)).await.client_id.to_string();
    call(&tenant, "PATCH", &format!("/applications/{off}"), Some(json!({ "disabled": true }))).await;
    let changed = |name: &str, value: Value| {
        let mut changed = wish("openid");
        changed[name] = value;
        changed
    };
    let client = tenant.client_id.clone();
    for (client, wish, kind, error) in [
        (&client, wish("openid payroll"), "scope", "invalid_scope"),
        (&machine, wish("openid"), "grant_type", "unauthorized_client"),
        (&off, wish("openid"), "switched_off", "invalid_client"),
        (&client, changed("code_challenge", json!("")), "pkce", "invalid_request"),
        (&client, changed("code_challenge", json!("short")), "pkce", "invalid_request"),
        (&client, changed("nonce", json!("")), "pkce", "invalid_request"),
        (&client, changed("state", json!("")), "pkce", "invalid_request"),
        (&client, changed("redirect_uri", json!("javascript:alert(1)")), "request", "invalid_request"),
        (&client, changed("redirect_uri", json!("http://console.example.test/")), "request", "invalid_request"),
        (&client, changed("redirect_uri", json!("")), "request", "invalid_request"),
    ] {
        let (status, begun) = call(&tenant, "POST", &format!("/applications/{client}/try-outs"), Some(wish)).await;
        assert_eq!((status, &begun["result"]), (200, &json!("refused")), "{kind}: {begun}");
        assert_eq!((&begun["kind"], &begun["error"]), (&json!(kind), &json!(error)), "{begun}");
    }
    let unknown = "/applications/019a0000-0000-7000-8000-00000000dead/try-outs";
    for path in [unknown, "/applications/x/try-outs"] {
        assert_eq!(call(&tenant, "POST", path, Some(wish("openid"))).await.0, 404, "{path}");
    }
    assert_eq!(end(&tenant, "x", ("c", VERIFIER)).await.0, 404);
    assert_eq!(call(&tenant, "POST", &format!("/applications/{client}/try-outs"), Some(json!({}))).await.0, 422);
    assert_eq!(tenant.audited("application.try_out_began").await, 0);
    assert_eq!(tenant.count("SELECT COUNT(*) AS n FROM pushed_request").await, 0);
    for one in [&client, &machine, &off] {
        assert_eq!(errors_of(&tenant, one).await, 0, "a try-out is no mistake of the application's");
    }
}

#[tokio::test]
async fn b53_a_try_out_survives_a_restart() {
    let mut tenant = Tenant::start().await;
    let mut browser = ann(&tenant).await;
    let client = tenant.client_id.clone();
    let at = begin(&tenant, &client, wish("openid")).await;
    tenant.restart().await;
    let answer = browser.get(&tenant, &at).await;
    let code = parameter(&answer, "code").unwrap();
    tenant.restart().await;
    assert_eq!(end(&tenant, &client, (&code, VERIFIER)).await.1["result"], "signed_in");
    tenant.restart().await;
    assert_eq!(refused(&tenant, &client, (&code, VERIFIER)).await["reason"], "used before");
}

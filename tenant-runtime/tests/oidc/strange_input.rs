//! Right requests with something wrong in them, hundreds of times: no answer is a failure of ours, none leads
//! anywhere but to the application, and afterwards everything works as before.

use std::collections::BTreeMap;

use http::{HeaderName, HeaderValue, Method, Uri, header};
use polder_kernel::Entropy;
use serde_json::json;

use crate::support::client::{REDIRECT, VERIFIER, web, with_registered};
use crate::support::world::{on_each, request};
use crate::support::{Answer, Browser, Client, Signer, World};

const ROUNDS: u64 = 600;

const TELLING: [&str; 20] = [
    "%00",
    "%0d%0a",
    "%ff",
    "&",
    "=",
    "#",
    "@",
    "%5c",
    "../",
    "//",
    "%22",
    "[]",
    "{}",
    "null",
    "-1",
    "1e999",
    "%e2%80%ae",
    "&client_id=x",
    "&redirect_uri=https://evil.test/",
    "&scope=openid&scope=openid",
];

/// One request, before it is changed.
struct Asked {
    method: Method,
    target: String,
    headers: Vec<(HeaderName, String)>,
    body: String,
}

fn get(target: String) -> Asked {
    Asked { method: Method::GET, target, headers: Vec::new(), body: String::new() }
}

fn form(target: &str, headers: Vec<(HeaderName, String)>, pairs: &[(&str, &str)]) -> Asked {
    let body = serde_urlencoded::to_string(pairs).unwrap();
    Asked { method: Method::POST, target: target.to_owned(), headers, body }
}

async fn right_requests(world: &World, browser: &Browser, client: &Client) -> Vec<Asked> {
    let signer = client.signer.as_ref().unwrap();
    let tokens = browser.tokens(world, client).await;
    let (access, refresh) = (tokens.member("access_token"), tokens.member("refresh_token"));
    let object = signer.request_object(world, &client.id, &json!({ "response_type": "code", "scope": "openid" }));
    let claims = r#"{"id_token":{"email":{"essential":true},"sub":{"value":"x"}},"userinfo":{"name":null}}"#;
    let known = || client.credentials(world).0;
    let with_proof = |path: &str| {
        let proof = (HeaderName::from_static("dpop"), signer.proof(world, path));
        known().into_iter().chain([proof]).collect::<Vec<_>>()
    };
    let hint =
        [("id_token_hint", tokens.member("id_token")), ("post_logout_redirect_uri", "https://app.example/bye".into())];
    let code = browser.code(world, client).await;
    let redeem = [
        ("grant_type", "authorization_code"),
        ("code", &code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ];
    let pushed = [("response_type", "code"), ("redirect_uri", REDIRECT), ("scope", "openid"), ("claims", claims)];
    vec![
        get(client.authorize(&[("claims", claims), ("resource", "https://api.example.test"), ("prompt", "none")])),
        get(client.authorize(&[("response_mode", "form_post"), ("max_age", "10"), ("ui_locales", "nl en")])),
        get(client.authorize(&[("request", &object)])),
        get(format!("/end_session?{}", serde_urlencoded::to_string(hint).unwrap())),
        get("/device?user_code=BCDF-GHJK".to_owned()),
        get("/signin/callback/google?code=a&state=b".to_owned()),
        form("/par", with_proof("/par"), &pushed),
        form("/token", with_proof("/token"), &redeem),
        form("/token", known(), &[("grant_type", "refresh_token"), ("refresh_token", &refresh), ("scope", "openid")]),
        form("/token", known(), &[("grant_type", "client_credentials"), ("scope", "read")]),
        form(
            "/token",
            known(),
            &[("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", "a")],
        ),
        form("/introspect", known(), &[("token", &access), ("token_type_hint", "access_token")]),
        form("/revoke", known(), &[("token", &code)]),
        form("/device_authorization", known(), &[("scope", "openid")]),
        form("/userinfo", vec![(header::AUTHORIZATION, format!("Bearer {access}"))], &[]),
        form("/userinfo", Vec::new(), &[("access_token", &access)]),
        form(
            "/signin/email",
            vec![(header::ORIGIN, "http://practice.localhost:8600".to_owned())],
            &[("email", "a@b.test")],
        ),
    ]
}

/// The request with a change in one of its parts; `None` where what comes out is no HTTP at all.
fn strange(asked: &Asked, chance: &Entropy) -> Option<http::Request<axum::body::Body>> {
    let (mut target, mut body) = (asked.target.clone(), asked.body.clone());
    let mut headers: Vec<_> = asked.headers.clone();
    match (chance.below(3), headers.is_empty()) {
        (0, false) => {
            let which = usize::try_from(chance.below(headers.len() as u64)).unwrap();
            headers[which].1 = changed(&headers[which].1, chance);
        }
        (_, _) if body.is_empty() => {
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            target = format!("{path}?{}", changed(query, chance));
        }
        _ => body = changed(&body, chance),
    }
    target.parse::<Uri>().ok()?;
    if headers.iter().any(|(_, value)| HeaderValue::from_str(value).is_err()) {
        return None;
    }
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.clone(), value.as_str())).collect();
    let mut request = request(asked.method.clone(), &target, &headers, body);
    let form = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    Some(request)
}

/// `text` with one to three changes, each anywhere.
fn changed(text: &str, chance: &Entropy) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=chance.below(3) {
        let at = below(chance, bytes.len() + 1);
        let end = bytes.len().min(at + 1 + below(chance, 24));
        let new = match chance.below(4) {
            0 => TELLING[below(chance, TELLING.len())].as_bytes().to_vec(),
            1 => chance.bytes::<2>().to_vec(),
            2 => bytes[at..end].repeat(2),
            _ => Vec::new(),
        };
        let range = if chance.below(2) == 0 { at..at } else { at..end };
        bytes.splice(range, new);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn below(chance: &Entropy, bound: usize) -> usize {
    usize::try_from(chance.below(bound as u64)).unwrap()
}

fn leads_nowhere_else(answer: &Answer) {
    let Some(location) = answer.header("location") else { return };
    let at_home = location.starts_with('/') && !location.starts_with("//");
    let ours = location.starts_with("http://practice.localhost:8600/");
    assert!(at_home || ours || location.starts_with("https://app.example/"), "{location}");
}

#[tokio::test]
async fn f26_b07_changed_requests_break_nothing() {
    on_each(|world| async move {
        let signer = Signer::new();
        let client = world.application(with_registered(web(), &signer)).await;
        let browser = world.browser();
        browser.sign_in(&world, world.user("ann@example.test").await).await;
        let all = right_requests(&world, &browser, &client).await;
        let chance = Entropy::seeded(26);
        let mut statuses = BTreeMap::<u16, usize>::new();
        for round in 0..ROUNDS {
            let asked = &all[usize::try_from(round).unwrap() % all.len()];
            let Some(request) = strange(asked, &chance) else { continue };
            let text = format!("{:?} {:?}", request.uri(), request.headers());
            let answer = world.send(request).await;
            assert!(answer.status < 500, "{} to {text}: {}", answer.status, answer.text());
            leads_nowhere_else(&answer);
            *statuses.entry(answer.status).or_default() += 1;
            // So that limits are not all that is seen.
            world.pass(1);
        }
        for seen in [200, 303, 400, 401] {
            assert!(statuses.contains_key(&seen), "{statuses:?}");
        }
        let again = world.browser();
        again.sign_in(&world, world.user("bob@example.test").await).await;
        assert_eq!(again.tokens(&world, &client).await.status, 200);
    })
    .await;
}

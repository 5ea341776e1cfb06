//! A sign-in that a developer tries as their application.

use super::*;

const TRY: &str = "/tenants/acme/applications/019a0000-0000-7000-8000-000000000001/try";

/// Who comes back, with which cookies and which answer.
type Case<'a> = (&'a str, &'a [&'a str], &'a [(&'a str, &'a str)]);

/// A try-out that was begun: the cookie that is left in the browser, and the state that was pushed.
async fn begun(world: &World, (cookie, csrf): &(String, String), form: &str) -> (String, String) {
    let answer = world.post((cookie, csrf), TRY, form).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
    let kept = answer.header("set-cookie");
    assert!(kept.starts_with("try-out=") && kept.contains("HttpOnly") && kept.contains("SameSite=Lax"), "{kept}");
    let asked = world.stub.asked.lock().unwrap();
    let state = asked.iter().rev().find_map(|(_, body)| body["state"].as_str()).unwrap();
    (kept.split(';').next().unwrap().to_owned(), state.to_owned())
}

fn issuer(world: &World) -> String {
    world.app.settings.issuer(&"acme".parse().unwrap())
}

/// The answer of the tenant, as the browser brings it.
async fn back(world: &World, cookies: &[&str], pairs: &[(&str, &str)]) -> Answer {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    world.get(&cookies.join("; "), &format!("/try-out/callback?{query}")).await
}

/// How often a code was handed to the tenant.
fn ends(world: &World) -> usize {
    world.stub.seen().iter().filter(|(_, method, target)| method == "POST" && target.ends_with("/end")).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_a_developer_tries_a_sign_in_and_sees_the_claims_once() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let page = world.get(&developer.0, TRY.trim_end_matches("/try")).await;
    assert!(page.body.contains("id=\"try-form\""), "{}", page.body);
    // The form leads to the tenant, and the browser holds it to where it may lead.
    let policy = page.header("content-security-policy");
    assert!(policy.contains("form-action") && policy.contains(&issuer(&world)), "{policy}");
    let sent = world.post((&developer.0, &developer.1), TRY, "scope=openid%20%20email&anew=1").await;
    let to = sent.header("location");
    let name = "urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Atry-of-the-stub";
    assert_eq!(to, format!("{}/authorize?client_id={KNOWN}&request_uri={name}", issuer(&world)));
    let (_, asked) = world.stub.asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!((&asked["scope"], &asked["anew"]), (&json!("openid email"), &json!(true)));
    assert_eq!(asked["redirect_uri"], format!("{}/try-out/callback", world.app.settings.console()));
    for secret in ["state", "nonce", "code_challenge"] {
        assert_eq!(asked[secret].as_str().unwrap().len(), 43, "{secret}");
    }
    let (attempt, state) = begun(&world, &developer, "").await;
    let answer = [("code", "good-code"), ("state", &state), ("iss", &issuer(&world))];
    let shown = back(&world, &[&developer.0, &attempt], &answer).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert_eq!(shown.header("cache-control"), "no-store");
    for part in ["id=\"signed-in\"", "ann-at-shop", "ann@example.test", "RS256", "A one-time code"] {
        assert!(shown.body.contains(part), "{part}: {}", shown.body);
    }
    // What was asked for and not granted.
    assert!(shown.body.contains("Asked for, not granted") && shown.body.contains("<code>profile</code>"));
    let (_, came) = world.stub.asked.lock().unwrap().last().cloned().unwrap();
    assert_eq!((&came["code"], came["code_verifier"].as_str().unwrap().len()), (&json!("good-code"), 43));
    assert!(!shown.body.contains(came["code_verifier"].as_str().unwrap()) && !shown.body.contains("good-code"));
    // Who did it is in the control plane's own log, and nothing of what was shown.
    let log = world.log().await;
    for action in ["application.try_out_began", "application.tried_out"] {
        assert!(log.iter().any(|(done, kind, _)| done == action && kind == "member"), "{action}");
    }
    let all = format!("{log:?}");
    assert!(!all.contains("ann@example.test") && !all.contains("good-code") && !all.contains(&state), "{all}");
}

#[tokio::test(flavor = "multi_thread")]
async fn b06_only_who_began_it_can_end_it() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let other = world.member(Role::Owner).await;
    let (_, stranger, _) = world.member_of(world.strangers, Role::Owner).await;
    let (attempt, state) = begun(&world, &developer, "").await;
    let own = issuer(&world);
    let right = [("code", "good-code"), ("state", state.as_str()), ("iss", own.as_str())];
    let mine = developer.0.as_str();
    let cases: &[Case<'_>] = &[
        ("nobody", &[], &right),
        ("nobody with the cookie", &[&attempt], &right),
        ("without the cookie", &[mine], &right),
        ("another member with it", &[&other.0, &attempt], &right),
        ("a stranger with it", &[&stranger, &attempt], &right),
        ("no state", &[mine, &attempt], &[("code", "good-code"), ("iss", &own)]),
        ("another state", &[mine, &attempt], &[("code", "good-code"), ("state", "x"), ("iss", &own)]),
        ("no issuer", &[mine, &attempt], &[("code", "good-code"), ("state", &state)]),
        (
            "another issuer",
            &[mine, &attempt],
            &[("code", "good-code"), ("state", &state), ("iss", "https://evil.example")],
        ),
        ("no code", &[mine, &attempt], &[("state", &state), ("iss", &own)]),
        ("a broken cookie", &[mine, "try-out=AAAA"], &right),
        ("the cookie twice", &[mine, &attempt, &attempt], &right),
    ];
    for (who, cookies, pairs) in cases {
        let answer = back(&world, cookies, pairs).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{who}: {}", answer.body);
        assert!(!answer.body.contains("ann@example.test"), "{who}");
        assert_eq!(answer.header("location"), "", "{who}: a code is not carried on");
    }
    assert_eq!(ends(&world), 0, "the tenant was never asked");
    let long = "x".repeat(400);
    let answer = back(&world, &[mine, &attempt], &[("code", &long), ("state", &state), ("iss", &own)]).await;
    assert_eq!((answer.status, ends(&world)), (StatusCode::BAD_REQUEST, 0));
    // The cookie of a later one opens nothing of the one before.
    let (later, _) = begun(&world, &developer, "").await;
    assert_eq!(back(&world, &[mine, &later], &right).await.status, StatusCode::BAD_REQUEST);
    // It is over after a quarter of an hour.
    world.app.clock.advance(Duration::from_secs(901));
    assert_eq!(back(&world, &[mine, &attempt], &right).await.status, StatusCode::BAD_REQUEST);
    assert_eq!(ends(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn b13_a_code_of_another_request_shows_nothing() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let (attempt, state) = begun(&world, &developer, "").await;
    let own = issuer(&world);
    let with = |code: &'static str| [("code", code), ("state", state.as_str()), ("iss", own.as_str())];
    // The tenant took it, and its ID token answers another request.
    let injected = back(&world, &[&developer.0, &attempt], &with("another-code")).await;
    assert_eq!(injected.status, StatusCode::BAD_REQUEST);
    assert!(!injected.body.contains("ann@example.test"), "{}", injected.body);
    // Loaded once more.
    let over = back(&world, &[&developer.0, &attempt], &with("used-code")).await;
    assert!(over.status == StatusCode::OK && over.body.contains("This try-out is over"), "{}", over.body);
    assert!(over.body.contains("id=\"try-form\"") && over.body.contains("invalid_grant"));
}

#[tokio::test(flavor = "multi_thread")]
async fn k17_what_went_wrong_is_told_in_plain_words() {
    let world = World::new().await;
    let developer = world.member(Role::Developer).await;
    let (attempt, state) = begun(&world, &developer, "scope=openid").await;
    let own = issuer(&world);
    for (error, words) in [
        ("access_denied", "The sign-in was refused or stopped"),
        ("login_required", "The sign-in was not finished"),
        ("unmet_authentication_requirements", "The sign-in is not strong enough"),
        ("temporarily_unavailable", "The tenant could not answer"),
        ("invalid_request_uri", "This try-out is over"),
        ("<script>", "The request does not fit"),
    ] {
        let said = [("error", error), ("error_description", "<b>x</b>"), ("state", &state), ("iss", &own)];
        let answer = back(&world, &[&developer.0, &attempt], &said).await;
        assert!(answer.status == StatusCode::OK && answer.body.contains(words), "{error}: {}", answer.body);
        assert!(!answer.body.contains("<script>\"") && !answer.body.contains("<b>x"), "{error}");
        assert!(answer.body.contains("value=\"openid\""), "what was asked for is offered again");
    }
    assert_eq!(ends(&world), 0);
    let refused = json!({"result": "refused", "kind": "scope", "error": "invalid_scope", "reason": "unknown scope"});
    *world.stub.refusal.lock().unwrap() = Some(refused);
    let answer = world.post((&developer.0, &developer.1), TRY, "scope=payroll").await;
    assert!(answer.status == StatusCode::OK && answer.body.contains("A scope is not allowed"), "{}", answer.body);
    assert_eq!(answer.header("set-cookie"), "", "nothing is under way");
}

#[tokio::test(flavor = "multi_thread")]
async fn g22_what_was_begun_ends_with_the_right_to_it() {
    let world = World::new().await;
    let owner = world.member(Role::Owner).await;
    let (id, cookie, csrf) = world.member_of(world.organisation, Role::Developer).await;
    let (attempt, state) = begun(&world, &(cookie.clone(), csrf), "").await;
    let lowered = world.post((&owner.0, &owner.1), &format!("/members/{id}/role"), "role=auditor").await;
    assert_eq!(lowered.status, StatusCode::SEE_OTHER, "{}", lowered.body);
    let own = issuer(&world);
    let answer = [("code", "good-code"), ("state", state.as_str()), ("iss", own.as_str())];
    assert_eq!(back(&world, &[&cookie, &attempt], &answer).await.status, StatusCode::FORBIDDEN);
    assert_eq!(ends(&world), 0);
    let page = world.get(&cookie, TRY.trim_end_matches("/try")).await;
    assert!(page.status == StatusCode::OK && !page.body.contains("id=\"try\""), "not offered to who may not");
}

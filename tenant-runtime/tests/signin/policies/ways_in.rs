//! The table: every rule, at every way in.

use serde_json::{Value, json};

use super::{ANN, Asked, application, asked, choose, lax, through};
use crate::browser::{Browser, Form, form, has_code, has_form};
use crate::tenant::Tenant;

/// Who asks, what for, and what somebody with nothing but an address is asked to do.
enum Rule {
    Tenant(Value),
    Application(Value),
    Request(&'static str),
}

fn rules() -> Vec<(Rule, Asked)> {
    let insist = "&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C%22value%22%3A%22";
    let insist: &'static str = Box::leak(format!("{insist}urn%3Apolder%3Aacr%3Apasskey%22%7D%7D%7D").into_boxed_str());
    vec![
        (Rule::Tenant(json!({ "second_factor": "required" })), Asked::NewFactor),
        (Rule::Tenant(json!({ "passkeys": "required" })), Asked::NewPasskey),
        (Rule::Application(json!({ "second_factor": "required" })), Asked::NewFactor),
        (Rule::Application(json!({ "passkeys": "required" })), Asked::NewPasskey),
        (Rule::Request("&acr_values=urn:polder:acr:mfa"), Asked::NewFactor),
        (Rule::Request("&acr_values=mfa"), Asked::NewFactor),
        (Rule::Request("&acr_values=1%20phr"), Asked::NewPasskey),
        (Rule::Request(insist), Asked::NewPasskey),
    ]
}

/// Brings a rule into force, and says at which application and with which request it is met.
async fn enforce(tenant: &Tenant, rule: &Rule) -> (String, &'static str) {
    match rule {
        Rule::Tenant(changes) => {
            choose(tenant, changes.clone()).await;
            (tenant.client_id.clone(), "")
        }
        Rule::Application(preferences) => (application(tenant, preferences.clone()).await, ""),
        Rule::Request(more) => (tenant.client_id.clone(), *more),
    }
}

async fn relax(tenant: &Tenant) {
    choose(tenant, json!({ "second_factor": "optional", "passkeys": "preferred" })).await;
}

#[tokio::test]
async fn d13_b86_a_code_alone_never_gets_past_a_rule_that_asks_for_more() {
    let tenant = Tenant::start().await;
    for (n, (rule, expected)) in rules().into_iter().enumerate() {
        let address = format!("person{n}@example.test");
        let (client, more) = enforce(&tenant, &rule).await;
        let mut browser = Browser::default();
        let page = browser.authorize_at(&tenant, &client, more).await;
        let page = browser.finish(&tenant, page, &address).await;
        assert_eq!(asked(&page), expected, "{n}: {}", page.body);
        assert_eq!(page.status, 200);
        // No other form of the flow goes around it.
        let own = form(&page, "cancel-form");
        for action in [
            "/signin/continue",
            "/signin/name",
            "/signin/consent",
            "/signin/offer/skip",
            "/signin/offer/accept",
            "/signin/second-step",
            "/signin/recovery-code",
            "/signin/code",
            "/signin/enrol/passkey",
            "/signin/enrol/app/confirm",
        ] {
            let skipped = Form { action: action.into(), ..own.clone() };
            let typed = [("code", "000000"), ("name", "x"), ("person", "x"), ("credential", "{}"), ("recovery", "x")];
            let answer = browser.post(&tenant, &skipped, &typed).await;
            assert!(!has_code(&answer), "{n} {action}: {}", answer.location());
        }
        let again = browser.authorize_at(&tenant, &client, more).await;
        assert_eq!(asked(&again), expected, "{n}: asked again");
        let silent = browser.authorize_at(&tenant, &client, &format!("{more}&prompt=none")).await;
        assert!(silent.location().contains("error=login_required"), "{n}: {}", silent.location());
        relax(&tenant).await;
        tenant.advance(600);
    }
}

#[tokio::test]
async fn b86_a_session_that_is_there_does_not_get_past_a_rule_either() {
    let tenant = Tenant::start().await;
    for (n, (rule, expected)) in rules().into_iter().enumerate() {
        let address = format!("person{n}@example.test");
        // Signed in where nothing more is asked for, before the rule was there.
        let (open, mut browser) = (lax(&tenant).await, Browser::default());
        let page = browser.authorize_at(&tenant, &open, "").await;
        assert!(has_code(&browser.finish(&tenant, page, &address).await));
        let (client, more) = enforce(&tenant, &rule).await;
        let page = browser.authorize_at(&tenant, &client, more).await;
        assert_eq!(asked(&page), expected, "{n}: {}", page.body);
        let silent = browser.authorize_at(&tenant, &client, &format!("{more}&prompt=none")).await;
        assert!(silent.location().contains("error=login_required"), "{n}: {}", silent.location());
        // A session that lay around makes no new way in: the address is proved first (C26).
        tenant.advance(600);
        let page = browser.authorize_at(&tenant, &client, more).await;
        assert_eq!(asked(&page), Asked::Address, "{n}: {}", page.body);
        if !matches!(rule, Rule::Tenant(_)) {
            assert!(has_code(&browser.authorize_at(&tenant, &open, "").await), "{n}: and still does elsewhere");
        }
        relax(&tenant).await;
    }
}

#[tokio::test]
async fn c26_the_account_opens_to_no_session_that_the_tenant_would_not_take() {
    let tenant = Tenant::start().await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    let page = browser.get(&tenant, "/account/profile").await;
    let save = form(&page, "profile-form");
    let passkeys = browser.get(&tenant, "/account/passkeys").await;
    let csrf = passkeys.body.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    for (rule, expected) in rules().into_iter().take(2) {
        let Rule::Tenant(changes) = rule else { continue };
        choose(&tenant, changes).await;
        for path in ["/account", "/account/sessions", "/account/second-factor", "/account/passkeys"] {
            let answer = browser.get(&tenant, path).await;
            let page = browser.follow(&tenant, answer).await;
            assert_eq!(asked(&page), expected, "{path}: {}", page.body);
        }
        let answer = browser.post(&tenant, &save, &[("name", "Eve")]).await;
        assert!(answer.location().contains("/signin"), "{} {}", answer.status, answer.body);
        let options = Form { action: "/account/passkeys/options".into(), fields: vec![("csrf".into(), csrf.clone())] };
        let answer = browser.post(&tenant, &options, &[]).await;
        assert!(answer.location().contains("/signin"), "{} {}", answer.status, answer.body);
        relax(&tenant).await;
    }
    let page = browser.get(&tenant, "/account/profile").await;
    assert!(!page.body.contains("Eve"));
}

#[tokio::test]
async fn b98_cookies_that_are_rolled_back_or_swapped_open_nothing() {
    let tenant = Tenant::start().await;
    let strict = application(&tenant, json!({ "second_factor": "required" })).await;
    let mut browser = Browser::default();
    // One waiting request at each application, in one browser.
    let page = browser.authorize(&tenant, "").await;
    let (lax_name, lax_value) = browser.flows().next().unwrap();
    let strict_page = browser.authorize_at(&tenant, &strict, "").await;
    let strict_name = browser.flows().map(|(name, _)| name).find(|name| *name != lax_name).unwrap();
    let before = browser.clone();
    let answer = browser.finish(&tenant, page, ANN).await;
    assert!(has_code(&answer));
    // The strict request wants more, whatever the other one was content with.
    let handle = form(&strict_page, "email-form").fields.into_iter().find(|(name, _)| name == "flow").unwrap().1;
    let page = browser.get(&tenant, &format!("/signin?flow={handle}")).await;
    assert_eq!(asked(&page), Asked::NewFactor, "{}", page.body);
    // The lax request's cookie under the strict one's name is no request at all.
    let mut swapped = browser.clone();
    swapped.cookies.insert(strict_name, lax_value);
    assert_eq!(swapped.get(&tenant, &format!("/signin?flow={handle}")).await.status, 400);
    // The session before the step counts for nothing after it, and the flow's old cookie makes no second one.
    let picture = browser.post(&tenant, &form(&page, "app-form"), &[]).await;
    let secret = crate::totp::secret_on(&picture);
    let old = browser.clone();
    let code = crate::totp::code(&tenant, &secret);
    let codes = browser.post(&tenant, &form(&picture, "totp-form"), &[("code", &code)]).await;
    assert!(has_form(&codes, "codes-form"), "{}", codes.body);
    assert_ne!(old.session(), browser.session(), "E04: a new cookie");
    let mut rolled_back = old;
    assert_eq!(asked(&rolled_back.authorize_at(&tenant, &strict, "").await), Asked::Address);
    assert_eq!(rolled_back.post(&tenant, &form(&picture, "totp-form"), &[("code", &code)]).await.status, 400);
    let mut first = before;
    assert_eq!(asked(&first.authorize_at(&tenant, &strict, "").await), Asked::Address);
    let answer = browser.get(&tenant, &format!("/signin?flow={handle}")).await;
    assert!(has_code(&through(&tenant, &mut browser, answer).await));
}

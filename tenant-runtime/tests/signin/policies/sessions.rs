//! How long sessions last, as the tenant chose (E05).

use serde_json::json;

use super::{ANN, application, choose};
use crate::admin::caller::call;
use crate::browser::{Browser, has_code, has_form};
use crate::tenant::Tenant;

#[tokio::test]
async fn e05_idle_and_absolute_time_are_the_tenants_and_a_shorter_one_holds_at_once() {
    let tenant = Tenant::start().await;
    let (mut old, mut idle) = (Browser::default(), Browser::default());
    old.sign_in(&tenant, ANN).await;
    idle.sign_in(&tenant, ANN).await;
    tenant.advance(3600);
    assert!(has_code(&old.authorize(&tenant, "").await), "twelve hours unless chosen");
    choose(&tenant, json!({ "session_idle_seconds": 1800, "session_absolute_seconds": 7200 })).await;
    assert!(has_form(&idle.authorize(&tenant, "").await, "email-form"), "unused for longer than it may by now");
    // Used often enough it goes on, and not beyond the absolute time since it was proved.
    for _ in 0..2 {
        tenant.advance(1700);
        assert!(has_code(&old.authorize(&tenant, "").await));
    }
    tenant.advance(200);
    assert!(has_form(&old.authorize(&tenant, "").await, "email-form"));
    let mut new = Browser::default();
    new.sign_in(&tenant, ANN).await;
    tenant.advance(1799);
    assert!(has_code(&new.authorize(&tenant, "").await));
    tenant.advance(1800);
    assert!(has_form(&new.authorize(&tenant, "").await, "email-form"));
}

#[tokio::test]
async fn e05_times_beyond_the_bounds_are_refused() {
    let tenant = Tenant::start().await;
    for wrong in [
        json!({ "session_idle_seconds": 899 }),
        json!({ "session_absolute_seconds": 2_592_001 }),
        json!({ "session_idle_seconds": 7200, "session_absolute_seconds": 3600 }),
        json!({ "session_absolute_seconds": 3600 }),
        json!({ "recovery_wait_hours": 0 }),
        json!({ "recovery_wait_hours": 721 }),
        json!({ "passkeys": "sometimes" }),
    ] {
        assert_eq!(call(&tenant, "PATCH", "/settings", Some(wrong.clone())).await.0, 422, "{wrong}");
    }
    let (_, settings) = call(&tenant, "GET", "/settings", None).await;
    assert_eq!((&settings["session_idle_seconds"], &settings["passkeys"]), (&json!(43200), &json!("preferred")));
    assert_eq!(tenant.audited("settings.changed").await, 0);
}

#[tokio::test]
async fn a20_an_application_says_how_old_a_sign_in_it_takes() {
    let tenant = Tenant::start().await;
    let fresh = application(&tenant, json!({ "default_max_age": 60 })).await;
    let mut browser = Browser::default();
    browser.sign_in(&tenant, ANN).await;
    tenant.advance(60);
    assert!(has_code(&browser.authorize_at(&tenant, &fresh, "").await));
    tenant.advance(1);
    assert!(has_form(&browser.authorize_at(&tenant, &fresh, "").await, "email-form"));
    assert!(has_code(&browser.authorize_at(&tenant, &fresh, "&max_age=3600").await), "the request says otherwise");
    let silent = browser.authorize_at(&tenant, &fresh, "&prompt=none").await;
    assert!(silent.location().contains("error=login_required"));
}

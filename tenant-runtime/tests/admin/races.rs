//! Calls that meet, and callers that hang up: what is stored is what is in force.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use polder_tenant_api::SignUp;
use serde_json::{Value, json};

use super::caller::call;
use crate::tenant::Tenant;

#[tokio::test]
async fn b20_switching_an_application_off_is_not_undone_by_a_change_that_met_it() {
    let tenant = Tenant::start().await;
    let target = format!("/applications/{}", tenant.client_id);
    for n in 0..10 {
        let name = format!("Coach {n}");
        let (off, named) = tokio::join!(
            call(&tenant, "PATCH", &target, Some(json!({ "disabled": true }))),
            call(&tenant, "PATCH", &target, Some(json!({ "name": name }))),
        );
        assert_eq!((off.0, named.0), (200, 200));
        let (_, now) = call(&tenant, "GET", &target, None).await;
        assert_eq!((&now["disabled"], &now["name"]), (&json!(true), &json!(name)));
        assert!(tenant.app.applications.enabled(&tenant.client_id).is_none());
        assert_eq!(call(&tenant, "PATCH", &target, Some(json!({ "disabled": false }))).await.0, 200);
    }
}

#[tokio::test]
async fn settings_that_are_changed_at_once_are_all_changed() {
    let tenant = Tenant::start().await;
    for (n, sign_up) in (0..10).zip(["closed", "open"].into_iter().cycle()) {
        let name = format!("Practice {n}");
        let (one, two) = tokio::join!(
            call(&tenant, "PATCH", "/settings", Some(json!({ "sign_up": sign_up }))),
            call(&tenant, "PATCH", "/settings", Some(json!({ "name": name }))),
        );
        assert_eq!((one.0, two.0), (200, 200));
        let (_, now) = call(&tenant, "GET", "/settings", None).await;
        assert_eq!((&now["sign_up"], &now["name"]), (&json!(sign_up), &json!(name)));
    }
}

#[tokio::test]
async fn a_caller_that_hangs_up_leaves_nothing_half_done() {
    let tenant = Tenant::start().await;
    let target = format!("/applications/{}", tenant.client_id);
    for polls in 1..12 {
        let (off, closed) = (polls % 2 == 1, if polls % 2 == 1 { "closed" } else { "open" });
        hang_up_after(polls, call(&tenant, "PATCH", &target, Some(json!({ "disabled": off })))).await;
        hang_up_after(polls, call(&tenant, "PATCH", "/settings", Some(json!({ "sign_up": closed })))).await;
        // Time for what was begun to end, on a busy machine too.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let off = tenant.count("SELECT COUNT(*) AS n FROM application WHERE disabled_at IS NOT NULL").await == 1;
        assert_eq!(tenant.app.applications.enabled(&tenant.client_id).is_none(), off, "after {polls}");
        let closed = "SELECT COUNT(*) AS n FROM setting WHERE name = 'sign_up' AND value = 'closed'";
        let closed = tenant.count(closed).await == 1;
        assert_eq!(tenant.app.tenant.current().sign_up == SignUp::Closed, closed, "after {polls}");
    }
}

/// Looks at a call so many times, then lets it go, as a server does when its caller is gone.
async fn hang_up_after(polls: usize, call: impl Future<Output = (u16, Value)>) {
    let mut call = pin!(call);
    for _ in 0..polls {
        if std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await.is_ready() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

//! Access of the operator's people is in the tenant's own log.

use serde_json::json;

use super::caller::call;
use crate::tenant::Tenant;

#[tokio::test]
async fn g30_a_tenants_own_log_says_who_of_the_operators_people_had_access_and_why() {
    let tenant = Tenant::start().await;
    let told = |what: &str| {
        json!({"id": "g1", "what": what, "person": "Sam (sam@operator.test)", "reason": "ticket 7",
            "until": "2026-11-21T09:00:00.000Z"})
    };
    for what in ["granted", "ended", "expired"] {
        assert_eq!(call(&tenant, "POST", "/staff-access", Some(told(what))).await.0, 204, "{what}");
        let (status, log) = call(&tenant, "GET", &format!("/audit-events?action=staff_access.{what}"), None).await;
        let details = &log["items"][0]["details"];
        assert_eq!(
            (status, &details["person"], &details["reason"]),
            (200, &json!("Sam (sam@operator.test)"), &json!("ticket 7"))
        );
    }
    for wrong in [
        json!({"id": "g1", "what": "taken", "person": "x", "reason": "y", "until": "z"}),
        json!({"id": "g1", "what": "granted", "person": "", "reason": "y", "until": "z"}),
        json!({"id": "g1", "what": "granted", "person": "x", "reason": "y".repeat(1001), "until": "z"}),
    ] {
        assert!((400..500).contains(&call(&tenant, "POST", "/staff-access", Some(wrong)).await.0));
    }
    assert_eq!(tenant.audited("staff_access.granted").await, 1);
}

//! What the control plane tells of a tenant's standing is in the tenant's own log, once per change.

use serde_json::json;

use super::caller::call;
use crate::tenant::Tenant;

#[tokio::test]
async fn g25_k13_a_tenant_knows_and_writes_down_that_it_was_suspended() {
    let tenant = Tenant::start().await;
    assert_eq!(call(&tenant, "GET", "/health", None).await.1["standing"], "serving");
    for standing in ["suspended", "suspended", "serving", "terminating", "serving"] {
        let (status, told) = call(&tenant, "PUT", "/standing", Some(json!({ "standing": standing }))).await;
        assert_eq!((status, &told["standing"]), (200, &json!(standing)));
        assert_eq!(call(&tenant, "GET", "/health", None).await.1["standing"], standing);
    }
    for (action, times) in [("tenant.suspended", 1), ("tenant.resumed", 2), ("tenant.terminated", 1)] {
        assert_eq!(tenant.audited(action).await, times, "{action}");
    }
    assert!(call(&tenant, "PUT", "/standing", Some(json!({ "standing": "gone" }))).await.0 >= 400);
    assert_eq!(call(&tenant, "GET", "/health", None).await.1["standing"], "serving");
}

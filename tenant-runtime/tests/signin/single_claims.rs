//! Single claims (OpenID Connect Core 5.5) that an application of somebody else asks for: people agree to them as
//! they do to scopes.

use polder_tenant_api::{Access, NewApplication};
use serde_json::json;

use crate::admin::caller::call;
use crate::browser::{Browser, authorize_url, form, has_code, has_form};
use crate::tenant::{Answer, CALLBACK, Tenant, person, web};

const ANN: &str = "ann@example.test";

async fn ask(tenant: &Tenant, browser: &mut Browser, client: &str, claims: &serde_json::Value) -> Answer {
    let more = format!("&{}", serde_urlencoded::to_string([("claims", claims.to_string())]).unwrap());
    let url = authorize_url(client, CALLBACK, &more).replace("scope=openid+profile+email", "scope=openid");
    let answer = browser.get(tenant, &url).await;
    browser.follow(tenant, answer).await
}

#[tokio::test]
async fn a26_b97_people_agree_to_single_claims_as_they_do_to_scopes() {
    let tenant = Tenant::start().await;
    let claim =
        json!({ "type": "text", "labels": { "en": "Motto" }, "claim": { "name": "motto", "scope": "profile" } });
    assert_eq!(call(&tenant, "PUT", "/profile-fields/motto", Some(claim)).await.0, 201);
    let secret = json!({ "type": "text", "claim": { "name": "salary", "scope": "payroll" } });
    assert_eq!(call(&tenant, "PUT", "/profile-fields/salary", Some(secret)).await.0, 201);
    let new = NewApplication { third_party: true, ..web("Fitness Pal", Access::Everyone) };
    let client = tenant.application(new).await.client_id.to_string();
    let user = tenant.person(person(ANN, Some("Ann"), &[])).await;
    let fields = json!({ "fields": { "motto": "onwards", "salary": "a lot" } });
    assert_eq!(call(&tenant, "PATCH", &format!("/users/{user}"), Some(fields)).await.0, 200);
    let mut ann = Browser::default();
    assert!(has_code(&ann.sign_in(&tenant, ANN).await));
    // Nothing but who she is.
    let page = ask(&tenant, &mut ann, &client, &json!({})).await;
    assert!(has_form(&page, "consent-form") && !page.body.contains("Motto"), "{}", page.body);
    assert!(has_code(&ann.post(&tenant, &form(&page, "consent-form"), &[]).await));
    // Her motto is more than she agreed to; her salary is not this application's to ask for at all.
    let wish = json!({ "id_token": { "motto": null, "salary": null } });
    let page = ask(&tenant, &mut ann, &client, &wish).await;
    assert!(has_form(&page, "consent-form") && page.body.contains("Motto"), "{}", page.body);
    assert!(!page.body.contains("salary") && !page.body.contains("payroll"), "{}", page.body);
    assert!(has_code(&ann.post(&tenant, &form(&page, "consent-form"), &[]).await));
    assert!(has_code(&ask(&tenant, &mut ann, &client, &wish).await), "remembered");
    let stored = "SELECT COUNT(*) AS n FROM authorization_code WHERE request LIKE '%salary%'";
    assert_eq!(tenant.count(stored).await, 0, "what it may not ask for is granted nowhere");
}

//! A tenant's APIs, and what applications choose about their tokens.

use serde_json::json;

use super::caller::call;
use crate::tenant::{CALLBACK, Tenant};

async fn shop(tenant: &Tenant, preferences: serde_json::Value) -> (u16, serde_json::Value) {
    let new = json!({ "name": "Shop", "type": "web", "redirect_uris": [CALLBACK], "preferences": preferences });
    call(tenant, "POST", "/applications", Some(new)).await
}

#[tokio::test]
async fn b79_apis_are_registered_named_by_applications_and_removed() {
    let tenant = Tenant::start().await;
    let orders = json!({ "identifier": "https://api.example/orders", "title": "Orders" });
    let (status, made) = call(&tenant, "PUT", "/apis/orders", Some(orders.clone())).await;
    assert_eq!((status, &made["identifier"], &made["title"]), (201, &orders["identifier"], &json!("Orders")));
    let renamed = json!({ "identifier": "https://api.example/orders" });
    let (status, changed) = call(&tenant, "PUT", "/apis/orders", Some(renamed)).await;
    assert_eq!((status, &changed["title"]), (200, &json!(null)));
    assert_eq!(changed["created_at"], made["created_at"]);
    let (_, all) = call(&tenant, "GET", "/apis", None).await;
    assert_eq!(all["items"][0]["name"], "orders");
    // An identifier stays, and is of one API.
    let other = json!({ "identifier": "https://api.example/other" });
    let (status, problem) = call(&tenant, "PUT", "/apis/orders", Some(other)).await;
    assert_eq!((status, &problem["code"]), (409, &json!("identifier_fixed")));
    assert_eq!(call(&tenant, "PUT", "/apis/again", Some(orders)).await.0, 409);
    for identifier in ["orders", "/orders", "https://api.example/#x", "", crate::tenant::ISSUER] {
        let (status, problem) = call(&tenant, "PUT", "/apis/x", Some(json!({ "identifier": identifier }))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/identifier")), "{identifier} {problem}");
    }
    let below = format!("{}/userinfo", crate::tenant::ISSUER);
    assert_eq!(call(&tenant, "PUT", "/apis/x", Some(json!({ "identifier": below }))).await.0, 422);
    assert_eq!(call(&tenant, "PUT", "/apis/No", Some(json!({ "identifier": "urn:x:y" }))).await.0, 404);
    // Applications name what is there; what they name stays.
    assert_eq!(shop(&tenant, json!({ "apis": ["nothing"] })).await.0, 422);
    let (status, made) = shop(&tenant, json!({ "apis": ["orders"] })).await;
    assert_eq!((status, &made["preferences"]["apis"]), (201, &json!(["orders"])));
    let id = made["client_id"].as_str().unwrap();
    let known = tenant.app.applications.find(id).unwrap();
    assert!(known.client.resources.contains(&"https://api.example/orders".to_owned()));
    let (status, problem) = call(&tenant, "DELETE", "/apis/orders", None).await;
    assert_eq!((status, &problem["code"]), (409, &json!("in_use")));
    let none = Some(json!({ "preferences": {} }));
    assert_eq!(call(&tenant, "PATCH", &format!("/applications/{id}"), none).await.0, 200);
    assert_eq!(call(&tenant, "DELETE", "/apis/orders", None).await.0, 204);
    assert_eq!(call(&tenant, "DELETE", "/apis/orders", None).await.0, 404);
    assert_eq!(tenant.audited("api.changed").await, 2);
    assert_eq!(tenant.audited("api.removed").await, 1);
}

#[tokio::test]
async fn a11_b45_what_an_application_chooses_about_its_tokens_is_held_to_bounds() {
    let tenant = Tenant::start().await;
    for (wrong, pointer) in [
        (json!({ "access_token_seconds": 59 }), "/preferences/access_token_seconds"),
        (json!({ "access_token_seconds": 7201 }), "/preferences/access_token_seconds"),
        (json!({ "refresh_idle_seconds": 10 }), "/preferences/refresh_idle_seconds"),
        (json!({ "refresh_absolute_seconds": 40_000_000 }), "/preferences/refresh_absolute_seconds"),
        (json!({ "refresh_idle_seconds": 601, "refresh_absolute_seconds": 600 }), "/preferences/refresh_idle_seconds"),
        (json!({ "userinfo_signed_response_alg": "none" }), "/preferences"),
    ] {
        let (status, problem) = shop(&tenant, wrong.clone()).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!(pointer)), "{wrong} {problem}");
    }
    for unknown in [json!({ "access_token_format": "paseto" }), json!({ "sector_identifier_uri": "https://x.test/s" })]
    {
        assert!((400..500).contains(&shop(&tenant, unknown.clone()).await.0), "{unknown}");
    }
    let all = json!({
        "access_token_format": "opaque", "access_token_seconds": 7200, "refresh_idle_seconds": 300,
        "refresh_absolute_seconds": 31_536_000, "userinfo_signed_response_alg": "ES256",
        "id_token_signed_response_alg": "EdDSA",
    });
    let (status, made) = shop(&tenant, all.clone()).await;
    assert_eq!((status, &made["preferences"]), (201, &all));
}

#[tokio::test]
async fn a36_pairwise_subjects_need_one_host_and_stay_as_they_were_made() {
    let tenant = Tenant::start().await;
    let new = |uris: &[&str], kind: &str| {
        let preferences = json!({ "subject_type": "pairwise" });
        json!({ "name": "x", "type": kind, "redirect_uris": uris, "preferences": preferences })
    };
    for (uris, kind) in [
        (&["https://a.test/cb", "https://b.test/cb"][..], "web"),
        (&["com.example.app:/cb"], "native"),
        (&["http://127.0.0.1/cb"], "native"),
    ] {
        let (status, problem) = call(&tenant, "POST", "/applications", Some(new(uris, kind))).await;
        assert_eq!((status, &problem["errors"][0]["pointer"]), (422, &json!("/preferences/subject_type")), "{uris:?}");
    }
    let (status, made) = call(&tenant, "POST", "/applications", Some(new(&["https://a.test/cb"], "web"))).await;
    assert_eq!(status, 201);
    let path = format!("/applications/{}", made["client_id"].as_str().unwrap());
    for (change, status) in [
        (json!({ "redirect_uris": ["https://a.test/cb2", "https://a.test:8443/cb"] }), 200),
        (json!({ "redirect_uris": ["https://b.test/cb"] }), 422),
        (json!({ "preferences": {} }), 422),
        (json!({ "name": "y" }), 200),
    ] {
        assert_eq!(call(&tenant, "PATCH", &path, Some(change.clone())).await.0, status, "{change}");
    }
    let (_, public) = shop(&tenant, json!({})).await;
    let path = format!("/applications/{}", public["client_id"].as_str().unwrap());
    let pairwise = json!({ "preferences": { "subject_type": "pairwise" } });
    assert_eq!(call(&tenant, "PATCH", &path, Some(pairwise)).await.0, 422);
}

//! `/tenants/{slug}/egress`: the hosts a tenant may reach.

use http::header::LOCATION;
use http::{HeaderName, StatusCode};
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::input::Input;
use super::within::{AtId, Within};
use crate::egress::allow_list::{self, AllowError};
use crate::model::EgressRuleKind;
use crate::store::egress_rules::Row;

/// A host, or hosts, that a tenant may reach over HTTPS.
#[derive(Debug, Serialize, ToSchema)]
pub struct EgressRule {
    /// Names it.
    pub id: String,
    /// A host name; with a dot first, all hosts below it. In development also a loopback host with a port.
    pub host: String,
    /// Since when it may.
    pub created_at: String,
}

/// A host, or hosts, to allow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewEgressRule {
    /// A host name; with a dot first, all hosts below it. The port is 443.
    pub host: String,
}

impl From<Row> for EgressRule {
    fn from(row: Row) -> Self {
        Self { id: row.id.to_string(), host: row.host, created_at: row.created_at.rfc3339() }
    }
}

impl From<AllowError> for ApiError {
    fn from(error: AllowError) -> Self {
        match error {
            AllowError::Rule(error) => Problem::invalid(Vec::new()).error("/host", error.to_string()).into(),
            AllowError::There => Problem::conflict("egress_rule_exists", error.to_string()).into(),
            AllowError::TooMany => Problem::conflict("egress_rules_full", error.to_string()).into(),
            AllowError::Database(error) => error.into(),
        }
    }
}

/// Lists the hosts a tenant may reach, by name. A tenant has no network: it reaches these over HTTPS, on
/// port 443, and nothing else.
#[utoipa::path(
    get, path = "/tenants/{slug}/egress", operation_id = "listEgressRules", tag = "egress",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "All of them: there are 64 at most", body = Page<EgressRule>,
        example = json!({"items": [{"id": "019a0000-0000-7000-8000-000000000001", "host": "accounts.example.org",
        "created_at": "2026-11-21T08:00:00.000Z"}], "next": null})))
)]
pub async fn list(Within(on): Within) -> Result<Json<Page<EgressRule>>, ApiError> {
    let rows = allow_list::list(&on.app, &on.tenant).await?;
    Ok(Json(Page { items: rows.into_iter().map(EgressRule::from).collect(), next: None }))
}

/// Allows a host, or all hosts below one. It holds for connections from now on. What the name leads to must
/// be a public address at each connection.
#[utoipa::path(
    post, path = "/tenants/{slug}/egress", operation_id = "addEgressRule", tag = "egress",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = NewEgressRule, example = json!({"host": "accounts.example.org"})),
    responses((status = 201, description = "It is allowed", body = EgressRule,
        headers(("Location" = String, description = "Where to remove it")),
        example = json!({"id": "019a0000-0000-7000-8000-000000000001", "host": "accounts.example.org",
        "created_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn add(
    Within(on): Within,
    Input(new): Input<NewEgressRule>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<EgressRule>), ApiError> {
    let row = allow_list::allow(&on.app, &on.tenant, &on.acting, &new.host).await?;
    let at = format!("/api/v1/tenants/{}/egress/{}", on.tenant.slug, row.id);
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(row.into())))
}

/// Removes a rule. Connections that only it allowed are closed at once.
#[utoipa::path(
    delete, path = "/tenants/{slug}/egress/{id}", operation_id = "removeEgressRule", tag = "egress",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The rule", example = "019a0000-0000-7000-8000-000000000001")),
    responses((status = 204, description = "It is gone"))
)]
pub async fn remove(Within(on): Within, AtId(id): AtId<EgressRuleKind>) -> Result<StatusCode, ApiError> {
    match allow_list::withdraw(&on.app, &on.tenant, &on.acting, id).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ApiError::not_found()),
    }
}

#[cfg(test)]
mod tests {
    use http::header::{AUTHORIZATION, CONTENT_TYPE};
    use http::{Method, Request};
    use serde_json::{Value, json};

    use crate::model::KeyAccess;
    use crate::testing::{KNOWN, World};

    #[tokio::test(flavor = "multi_thread")]
    async fn k15_hosts_are_allowed_listed_and_removed_by_whoever_holds_a_key() {
        let world = World::new().await;
        let key = world.key(KeyAccess::Write).await;
        let list = async || world.api(&key, Method::GET, "/tenants/acme/egress", None).await.json();
        assert_eq!(list().await, json!({"items": [], "next": null}));
        let allow =
            async |host: &str| world.api(&key, Method::POST, "/tenants/acme/egress", Some(json!({"host": host}))).await;
        let made = allow("Accounts.Example.org").await;
        assert_eq!((made.status.as_u16(), made.json()["host"].as_str()), (201, Some("accounts.example.org")));
        let id = made.json()["id"].as_str().unwrap().to_owned();
        assert_eq!(made.header("location"), format!("/api/v1/tenants/acme/egress/{id}"));
        assert_eq!(list().await["items"], json!([made.json()]));
        let again = allow("accounts.example.org").await;
        assert_eq!((again.status.as_u16(), again.json()["code"].as_str()), (409, Some("egress_rule_exists")));
        for wrong in ["", "https://a.example", "10.0.0.1", "a.example:443", "metadata.google.internal", ".org", "a b"] {
            let refused = allow(wrong).await;
            assert_eq!(refused.status.as_u16(), 422, "{wrong}");
            assert_eq!(refused.json()["errors"][0]["pointer"], "/host", "{wrong}");
        }
        let remove = async |id: &str| {
            world.api(&key, Method::DELETE, &format!("/tenants/acme/egress/{id}"), None).await.status.as_u16()
        };
        assert_eq!((remove(KNOWN).await, remove(&id).await, remove(&id).await), (404, 204, 404));
        assert_eq!(list().await["items"], json!([]));
        let log = world.log().await;
        let told: Vec<_> = log.iter().filter(|(action, ..)| action.starts_with("egress.")).collect();
        assert_eq!(told.len(), 2);
        for ((action, kind, details), expected) in told.into_iter().zip(["egress.allowed", "egress.withdrawn"]) {
            assert_eq!((action.as_str(), kind.as_str()), (expected, "api_key"));
            assert_eq!(details["host"], "accounts.example.org");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn g21_a_repeated_wish_for_a_host_is_one_rule() {
        let world = World::new().await;
        let key = world.key(KeyAccess::Write).await;
        let once = async || {
            let request = Request::post("/api/v1/tenants/acme/egress")
                .header(AUTHORIZATION, format!("Bearer {key}"))
                .header("idempotency-key", "k1")
                .header(CONTENT_TYPE, "application/json");
            world.send(request, json!({"host": "api.example.org"}).to_string()).await
        };
        let (first, again) = (once().await, once().await);
        assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 201));
        assert_eq!(first.body, again.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        let listed: Value = world.api(&key, Method::GET, "/tenants/acme/egress", None).await.json();
        assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    }
}

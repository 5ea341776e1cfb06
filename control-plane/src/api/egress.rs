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

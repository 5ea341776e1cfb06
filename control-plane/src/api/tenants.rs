//! `/tenants`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::LOCATION;
use polder_kernel::Slug;
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::{Measure, Page};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Input, Params, part};
use super::within::Within;
use super::{ApiError, Caller};
use crate::app::App;
use crate::isolation;
use crate::model::{self, TenantState};
use crate::provision::{self, NewTenant};
use crate::store::tenant_lists::{self, Order, Place};

/// The items of a page where no number is given.
const USUAL: u32 = 50;

/// A tenant: an OpenID Provider of its own.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example", "state": "running", "failure": null,
    "idle_after_seconds": null, "terminate_at": null,
    "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"
}))]
pub struct Tenant {
    /// The first label of its host name; it never changes.
    pub slug: String,
    /// The name people see.
    pub name: String,
    /// Its issuer: all that a client library needs to know.
    pub issuer: String,
    /// Where it is in its life.
    pub state: TenantState,
    /// Why it could not be made or started, or is held back; null otherwise.
    pub failure: Option<String>,
    /// After how many seconds without a request it goes to sleep; 0 for never, null for what is usual here.
    pub idle_after_seconds: Option<i64>,
    /// When its grace period ends and it is destroyed; null unless it is terminated.
    pub terminate_at: Option<String>,
    /// When it was asked for.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

/// A tenant to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewTenant, example = json!({"slug": "acme", "name": "Acme"}))]
pub struct Wanted {
    /// 3 to 32 of a-z, 0-9 and inner hyphens, a letter first.
    #[schema(pattern = "^[a-z][a-z0-9-]{1,30}[a-z0-9]$")]
    pub slug: String,
    /// The name people see: 1 to 80 characters.
    #[schema(min_length = 1, max_length = 80)]
    pub name: String,
}

impl From<&model::Tenant> for Tenant {
    fn from(tenant: &model::Tenant) -> Self {
        Self {
            slug: tenant.slug.to_string(),
            name: tenant.name.clone(),
            issuer: tenant.issuer.clone(),
            state: tenant.state,
            failure: tenant.failure.clone(),
            idle_after_seconds: tenant.plans.idle_after_seconds,
            terminate_at: tenant.plans.terminate_at.map(polder_kernel::Timestamp::rfc3339),
            created_at: tenant.created_at.rfc3339(),
            updated_at: tenant.updated_at.rfc3339(),
        }
    }
}

/// Which part of the tenants is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Listed {
    /// In which order; a `-` turns it round, and unless given it is `slug`.
    #[param(inline, nullable = false)]
    sort: Option<Order>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists your tenants.
#[utoipa::path(
    get, path = "/tenants", operation_id = "listTenants", tag = "tenants", params(Listed),
    responses((status = 200, description = "A page of tenants", body = Page<Tenant>, example = json!({"items": [{
        "slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example", "state": "running", "failure": null,
    "idle_after_seconds": null, "terminate_at": null,
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"}], "next": null})))
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(wanted): Params<Listed>,
) -> Result<Json<Page<Tenant>>, ApiError> {
    let (part, order) = (part(wanted.cursor, wanted.limit)?, wanted.sort.unwrap_or_default());
    let place = part.cursor.as_deref().map_or_else(|| Some(order.start()), Place::parse);
    let place = place.ok_or_else(|| Problem::bad_request("the cursor is not one of ours"))?;
    let limit = part.limit.unwrap_or(USUAL);
    let mut tx = app.db.read().await?;
    let which = (order, &place);
    let mut found = tenant_lists::page(&mut tx, caller.organisation_id, which, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    let next = found.last().filter(|_| more).map(|last| order.after(last).to_text());
    Ok(Json(Page { items: found.iter().map(Tenant::from).collect(), next }))
}

/// Makes a tenant.
///
/// It answers at once; the tenant's state is `provisioning` until everything is there, which its
/// events tell live.
#[utoipa::path(
    post, path = "/tenants", operation_id = "createTenant", tag = "tenants",
    request_body(content = Wanted, example = json!({"slug": "acme", "name": "Acme"})),
    responses((status = 202, description = "The tenant is being made", body = Tenant,
        headers(("location" = String, description = "Where the tenant is")),
        example = json!({"slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example",
            "state": "provisioning", "failure": null, "idle_after_seconds": null, "terminate_at": null,
            "created_at": "2026-11-21T08:00:00.000Z",
            "updated_at": "2026-11-21T08:00:00.000Z"})))
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(wanted): Input<Wanted>,
) -> Result<Response, ApiError> {
    let slug: Slug = wanted.slug.parse().map_err(|error: polder_kernel::slug::SlugError| {
        Problem::invalid(Vec::new()).error("/slug", error.to_string())
    })?;
    let new = NewTenant { slug, name: wanted.name, organisation_id: caller.organisation_id };
    let tenant = provision::create(&app, &caller.acting, new).await?;
    let location = format!("/api/v1/tenants/{}", tenant.slug);
    Ok((StatusCode::ACCEPTED, [(LOCATION, location)], Json(Tenant::from(&tenant))).into_response())
}

/// A tenant, and what keeps it apart.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct TenantShown {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// What isolates it from others and from the host, and what does not; null while it does not run.
    pub isolation: Option<Vec<Measure>>,
}

/// Shows a tenant, where it is in its life, and what keeps it apart.
#[utoipa::path(
    get, path = "/tenants/{slug}", operation_id = "showTenant", tag = "tenants",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The tenant", body = TenantShown, example = json!({"slug": "acme",
        "name": "Acme", "issuer": "https://acme.polder.example", "state": "running", "failure": null,
        "idle_after_seconds": null, "terminate_at": null,
        "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z",
        "isolation": [
            {"name": "network", "in_force": true, "detail": "none: a network name space with nothing in it"},
            {"name": "landlock_sockets", "in_force": false, "detail": "needs Landlock 9; this kernel has 7"}
        ]})))
)]
pub async fn show(State(app): State<Arc<App>>, Within(on): Within) -> Json<TenantShown> {
    let isolation = isolation::report(&app, &on.tenant).await;
    Json(TenantShown { tenant: Tenant::from(&on.tenant), isolation })
}

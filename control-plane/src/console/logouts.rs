//! What a tenant's applications were told of ended sessions.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{Logouts, Sorting};
use polder_tenant_api::{ApplicationId, ByCreation, LogoutDeliveryIdKind, LogoutDeliveryState};
use serde::Deserialize;

use super::address::query_of;
use super::in_tenant::{AtId, InTenant};
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{Part, logout_deliveries};

/// What the log may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    state: Option<String>,
    application_id: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
    notice: Option<String>,
}

/// `GET /tenants/{slug}/logouts`. A filter that is no state, or no application's id, is left out.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let state = match asked.state.as_deref() {
        Some("pending") => Some(LogoutDeliveryState::Pending),
        Some("delivered") => Some(LogoutDeliveryState::Delivered),
        Some("failed") => Some(LogoutDeliveryState::Failed),
        _ => None,
    };
    let application = asked.application_id.as_deref().and_then(|id| id.trim().parse::<ApplicationId>().ok());
    let application = application.map(|id| id.to_string());
    let part = Part { cursor: asked.cursor.filter(|cursor| !cursor.is_empty()), limit: None };
    let order = ByCreation::named(asked.sort.as_deref().unwrap_or_default());
    let found = logout_deliveries::list(&on, (application.as_deref(), state, order), &part).await?;
    let filters = [
        ("state", state.map_or("", LogoutDeliveryState::as_str)),
        ("application_id", application.as_deref().unwrap_or_default()),
    ];
    let path = format!("/tenants/{}/logouts", on.tenant.slug);
    let sorting = Sorting { path, query: query_of(&filters), by: order.as_str() };
    let page = Logouts {
        shell: member.shell_saying(asked.notice.as_deref()),
        sorting: &sorting,
        tenant: head(&on.tenant),
        deliveries: &found.items,
        next: found.next.as_deref(),
        state,
        application_id: application.as_deref().unwrap_or_default(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `POST /tenants/{slug}/logouts/{id}/retry`.
pub async fn retry(InTenant { on, .. }: InTenant, AtId(id): AtId<LogoutDeliveryIdKind>) -> Result<Response, Fault> {
    logout_deliveries::retry(&on, id).await?;
    Ok(Redirect::to(&format!("/tenants/{}/logouts?notice=retried", on.tenant.slug)).into_response())
}

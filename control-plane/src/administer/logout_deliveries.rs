//! What a tenant's applications were told of ended sessions.

use http::Method;
use polder_tenant_api::{ByCreation, LogoutDelivery, LogoutDeliveryId, LogoutDeliveryState, Page};

use super::{On, Part, Refused, target};

/// A page of the log in an order; of one application and one state where they are named.
pub async fn list(
    on: &On,
    (application, state, order): (Option<&str>, Option<LogoutDeliveryState>, ByCreation),
    part: &Part,
) -> Result<Page<LogoutDelivery>, Refused> {
    let state = state.map(LogoutDeliveryState::as_str);
    let pairs = [("application_id", application), ("state", state), ("sort", order.asked())];
    on.ask(&target("/logout-deliveries", &pairs, part)).await
}

/// Has one that was given up tried for another day.
pub async fn retry(on: &On, id: LogoutDeliveryId) -> Result<(), Refused> {
    on.act(Method::POST, &format!("/logout-deliveries/{id}/retry")).await?;
    on.record(on.event_with("logout_delivery.retried", &[("delivery", &id.to_string())])).await
}

//! What a tenant is told of the operator's people, for its own log.

use http::Method;
use polder_tenant_api::StaffAccess;

use super::{On, Refused};

/// Tells the tenant.
///
/// # Errors
/// When it does not hear it.
pub async fn tell(on: &On, told: &StaffAccess) -> Result<(), Refused> {
    on.tell((Method::POST, "/staff-access"), told).await
}

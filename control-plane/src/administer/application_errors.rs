//! What an application was refused.

use polder_tenant_api::{ApplicationError, ApplicationId, Page};

use super::{On, Refused};

/// The newest refusals of an application, newest first.
pub async fn list(on: &On, id: ApplicationId) -> Result<Page<ApplicationError>, Refused> {
    on.ask(&format!("/applications/{id}/errors")).await
}

//! What an application was refused lately.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use polder_hosted_pages::console::ApplicationErrors;
use polder_tenant_api::ApplicationKind;

use super::in_tenant::{AtId, InTenant};
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{application_errors, applications};

/// `GET /tenants/{slug}/applications/{id}/errors`.
pub async fn list(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    AtId(id): AtId<ApplicationKind>,
) -> Result<Response, Fault> {
    let application = applications::show(&on, id).await?;
    let errors = application_errors::list(&on, id).await?;
    let page = ApplicationErrors {
        shell: member.shell(),
        tenant: head(&on.tenant),
        application: &application,
        errors: &errors.items,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

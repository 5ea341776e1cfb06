//! A tenant's audit log.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use polder_hosted_pages::console::Audit;
use serde::Deserialize;

use super::in_tenant::InTenant;
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{Part, audit_events};

/// What the log may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    action: Option<String>,
    user_id: Option<String>,
    cursor: Option<String>,
}

/// `GET /tenants/{slug}/audit`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (action, user) = (given(&asked.action), given(&asked.user_id));
    let part = Part { cursor: given(&asked.cursor).map(str::to_owned), limit: None };
    let found = audit_events::list(&on, (action, user), &part).await?;
    let page = Audit {
        shell: member.shell(),
        tenant: head(&on.tenant),
        events: &found.items,
        next: found.next.as_deref(),
        action: action.unwrap_or_default(),
        user_id: user.unwrap_or_default(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().map(str::trim).filter(|text| !text.is_empty())
}

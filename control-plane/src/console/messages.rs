//! What a tenant sent.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use polder_hosted_pages::console::{Messages, Sorting};
use polder_tenant_api::{ByCreation, MessageState};
use serde::Deserialize;

use super::address::query_of;
use super::in_tenant::InTenant;
use super::tenants::head;
use super::{Console, Fault, show};
use crate::administer::{Part, messages};

/// What the log may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    state: Option<String>,
    user_id: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

/// `GET /tenants/{slug}/messages`.
pub async fn page(
    State(console): State<Arc<Console>>,
    InTenant { member, on }: InTenant,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let given = |text: &Option<String>| text.as_deref().map(str::trim).unwrap_or_default().to_owned();
    let (state, user, cursor) = (given(&asked.state), given(&asked.user_id), given(&asked.cursor));
    let state = MessageState::ALL.into_iter().find(|known| known.as_str() == state);
    let part = Part { cursor: Some(cursor).filter(|cursor| !cursor.is_empty()), limit: None };
    let order = ByCreation::named(&given(&asked.sort));
    let found = messages::list(&on, (Some(user.as_str()).filter(|user| !user.is_empty()), state, order), &part).await?;
    let sorting = Sorting {
        path: format!("/tenants/{}/messages", on.tenant.slug),
        query: query_of(&[("state", state.map_or("", MessageState::as_str)), ("user_id", &user)]),
        by: order.as_str(),
    };
    let page = Messages {
        shell: member.shell(),
        sorting: &sorting,
        tenant: head(&on.tenant),
        messages: &found.items,
        next: found.next.as_deref(),
        state,
        user_id: &user,
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

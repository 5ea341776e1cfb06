//! `/`: the tenants of whoever is signed in, the door for everybody else.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{SignedOut, TenantList, TenantRow};
use serde::Deserialize;

use super::tenants::head;
use super::{Console, Fault, Visit, show, signed_in};
use crate::model::Permission;
use crate::organisation::sign_up;
use crate::store::tenants;

/// The most tenants of one list.
const MOST: i64 = 500;

/// What `/` may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    state: Option<String>,
    notice: Option<String>,
}

/// `GET /`.
pub async fn show_home(
    State(console): State<Arc<Console>>,
    visit: Visit,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let Some(member) = signed_in::find(&console, &visit).await? else {
        let ended = asked.state.as_deref() == Some("ended");
        let sign_up = sign_up::is_open(&mut console.app.db.read().await?).await?;
        return Ok(show::page(&visit, &SignedOut { frame: visit.frame(""), ended, sign_up }, &[]));
    };
    if !member.may(Permission::See) {
        return Ok(Redirect::to("/organisation").into_response());
    }
    let mut tx = console.app.db.read().await?;
    let found = tenants::page(&mut tx, member.session.organisation_id, "", MOST).await?;
    let times: Vec<String> = found.iter().map(|tenant| tenant.created_at.rfc3339()).collect();
    let rows: Vec<TenantRow<'_>> =
        found.iter().zip(&times).map(|(tenant, created_at)| TenantRow { head: head(tenant), created_at }).collect();
    let shell = member.shell_saying(asked.notice.as_deref());
    Ok(show::page(&visit, &TenantList { shell, tenants: &rows }, &[console.provider.issuer()]))
}

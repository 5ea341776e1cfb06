//! `/`: the tenants of whoever is signed in, the door for everybody else.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::console::{ListAsked, SignedOut, Sorting, TenantList, TenantRow};
use serde::Deserialize;

use super::address::query_of;
use super::tenants::head;
use super::{Console, Fault, Visit, show, signed_in};
use crate::model::{OrganisationId, Permission, Tenant, TenantState};
use crate::organisation::sign_up;
use crate::store::tenant_lists::{self, Order, Place};

/// The most tenants of one page.
const PAGE: usize = 50;
/// Tenants read at once where some of them are looked for.
const LOOK: i64 = 200;
/// How often it is read on before the page says that it goes on from here: no request reads everything.
const LOOKS: usize = 25;

/// What `/` may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    notice: Option<String>,
    q: Option<String>,
    /// A state; `ended` for who just signed out.
    state: Option<String>,
    sort: Option<String>,
    cursor: Option<String>,
}

/// What is looked for.
struct Wanted {
    /// In small letters.
    part: String,
    state: Option<TenantState>,
    order: Order,
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
    let (q, state) = (given(&asked.q), given(&asked.state).parse::<TenantState>().ok());
    let order = Order::named(given(&asked.sort));
    let wanted = Wanted { part: q.to_lowercase(), state, order };
    let place = asked.cursor.as_deref().and_then(Place::parse).unwrap_or_else(|| order.start());
    let (found, next) = find(&console, member.session.organisation_id, &wanted, place).await?;
    let times: Vec<String> = found.iter().map(|tenant| tenant.created_at.rfc3339()).collect();
    let rows: Vec<TenantRow<'_>> =
        found.iter().zip(&times).map(|(tenant, created_at)| TenantRow { head: head(tenant), created_at }).collect();
    let asked_for = ListAsked { q, state: state.map_or("", TenantState::as_str) };
    let next = next.map(|place| place.to_text());
    let sorting = Sorting {
        path: "/".to_owned(),
        query: query_of(&[("q", asked_for.q), ("state", asked_for.state)]),
        by: order.as_str(),
    };
    let shell = member.shell_saying(asked.notice.as_deref());
    let page = TenantList { shell, sorting: &sorting, tenants: &rows, asked: asked_for, next: next.as_deref() };
    Ok(show::page(&visit, &page, &[console.provider.issuer()]))
}

/// A page of those that are looked for, and where the next begins.
async fn find(
    console: &Console,
    organisation: OrganisationId,
    wanted: &Wanted,
    mut place: Place,
) -> Result<(Vec<Tenant>, Option<Place>), Fault> {
    let mut tx = console.app.db.read().await?;
    let mut found: Vec<Tenant> = Vec::new();
    for _ in 0..LOOKS {
        let read = tenant_lists::page(&mut tx, organisation, (wanted.order, &place), LOOK).await?;
        let last = read.len() < usize::try_from(LOOK).unwrap_or(usize::MAX);
        for tenant in read {
            if found.len() == PAGE && wanted.fits(&tenant) {
                let next = found.last().map(|last| wanted.order.after(last));
                return Ok((found, next));
            }
            place = wanted.order.after(&tenant);
            if wanted.fits(&tenant) {
                found.push(tenant);
            }
        }
        if last {
            return Ok((found, None));
        }
    }
    Ok((found, Some(place)))
}

impl Wanted {
    fn fits(&self, tenant: &Tenant) -> bool {
        self.state.is_none_or(|state| tenant.state == state)
            && (self.part.is_empty()
                || tenant.slug.as_str().contains(&self.part)
                || tenant.name.to_lowercase().contains(&self.part))
    }
}

fn given(text: &Option<String>) -> &str {
    text.as_deref().map(str::trim).unwrap_or_default()
}

//! Going straight to a page: for the command palette as JSON, for everybody as a page.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::header::{CACHE_CONTROL, VARY};
use polder_hosted_pages::console::{Destination, Search, Shortcuts, TenantHead, destinations};
use serde::Deserialize;
use serde_json::json;

use super::tenants::head;
use super::{Console, Fault, SignedIn, show};
use crate::store::tenant_lists::{self, Order};

/// The most tenants that are looked through.
const MOST: i64 = 500;
/// The longest query, in characters; what is longer finds nothing more.
const LONGEST: usize = 100;

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    at: String,
}

/// `GET /search`.
pub async fn page(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = find(&console, &member, &asked).await?;
    let page = Search { shell: member.shell(), query: &asked.q, found: &found };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

/// `GET /search/entries`: the same for the palette.
pub async fn entries(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let found = find(&console, &member, &asked).await?;
    let items: Vec<_> =
        found.iter().map(|page| json!({"label": page.label, "of": page.of, "href": page.href})).collect();
    let headers = [(CACHE_CONTROL, "no-store"), (VARY, "Accept-Language, Cookie")];
    Ok((headers, axum::Json(json!({ "items": items }))).into_response())
}

/// `GET /shortcuts`.
pub async fn shortcuts(State(console): State<Arc<Console>>, member: SignedIn) -> Response {
    show::page(&member.visit, &Shortcuts { shell: member.shell() }, &[console.provider.issuer()])
}

async fn find(console: &Console, member: &SignedIn, asked: &Asked) -> Result<Vec<Destination>, Fault> {
    let order = Order::Slug;
    let found = if member.shell().may.see {
        let place = (order, &order.start());
        tenant_lists::page(&mut console.app.db.read().await?, member.session.organisation_id, place, MOST).await?
    } else {
        Vec::new()
    };
    let heads: Vec<TenantHead<'_>> = found.iter().map(head).collect();
    let query: String = asked.q.chars().take(LONGEST).collect();
    Ok(destinations(&member.shell(), &heads, &asked.at, &query))
}

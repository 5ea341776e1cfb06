//! What happened in the organisation.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use polder_audit::Cursor;
use polder_hosted_pages::console::{Trail, TrailRow};
use serde::Deserialize;

use super::{Console, Fault, SignedIn, show};
use crate::organisation::trail::{self, Event};
use crate::store::organisation_events::Filter;

/// How many entries are shown at a time.
const PAGE: u32 = 50;

/// What the log may be asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    action: Option<String>,
    actor_id: Option<String>,
    cursor: Option<String>,
}

/// `GET /audit`.
pub async fn page(
    State(console): State<Arc<Console>>,
    member: SignedIn,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let (app, organisation) = (&console.app, member.session.organisation_id);
    let filter = Filter { action: given(asked.action), actor: given(asked.actor_id) };
    let cursor = given(asked.cursor).map(|text| Cursor::parse(&text).ok_or(Fault::BadRequest("no cursor")));
    let (found, next) = trail::page(app, organisation, (&filter, cursor.transpose()?), PAGE).await?;
    let mut names = trail::called(app, organisation, &found).await?;
    for event in &found {
        let otherwise = || format!("{} {}", event.actor_kind, event.actor_id);
        names.entry(event.actor_id.clone()).or_insert_with(otherwise);
    }
    let texts: Vec<(String, String)> = found.iter().map(|event| (event.at.rfc3339(), facts(event))).collect();
    let rows: Vec<TrailRow<'_>> = found
        .iter()
        .zip(&texts)
        .map(|(event, (at, facts))| TrailRow {
            number: event.number,
            action: &event.action,
            actor: names.get(&event.actor_id).map_or("", String::as_str),
            actor_id: &event.actor_id,
            tenant: event.tenant.as_deref().unwrap_or_default(),
            address: event.ip.as_deref().unwrap_or_default(),
            facts,
            at,
        })
        .collect();
    let next = next.map(Cursor::to_text);
    let page = Trail {
        shell: member.shell(),
        events: &rows,
        next: next.as_deref(),
        action: filter.action.as_deref().unwrap_or_default(),
        actor_id: filter.actor.as_deref().unwrap_or_default(),
    };
    Ok(show::page(&member.visit, &page, &[console.provider.issuer()]))
}

fn facts(event: &Event) -> String {
    let text = |(name, value): (&String, &serde_json::Value)| {
        format!("{name}: {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    event.details.iter().map(text).collect::<Vec<_>>().join(" · ")
}

fn given(text: Option<String>) -> Option<String> {
    text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

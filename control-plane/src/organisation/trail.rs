//! What happened in an organisation, in words.

use std::collections::{BTreeMap, BTreeSet};

use polder_audit::{Cursor, Entry};
use polder_kernel::Timestamp;
use serde_json::{Map, Value};

use super::Refusal;
use crate::app::App;
use crate::model::{MemberId, OrganisationId};
use crate::store::members;
use crate::store::organisation_events::{self, Filter};

/// An entry of the organisation's log.
#[derive(Clone, Debug)]
pub struct Event {
    /// Names it.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub action: String,
    /// `member`, `api_key` or `system`.
    pub actor_kind: String,
    /// Who, by id.
    pub actor_id: String,
    /// The request, as logs name it.
    pub request_id: Option<String>,
    /// From which address.
    pub ip: Option<String>,
    /// On which tenant.
    pub tenant: Option<String>,
    /// What else is known of it.
    pub details: Map<String, Value>,
    /// The entry's place in the chain of hashes.
    pub hash: String,
}

/// A page of them, newest first, and where the next one begins if there are more.
///
/// # Errors
/// The database's.
pub async fn page(
    app: &App,
    organisation: OrganisationId,
    (filter, cursor): (&Filter, Option<Cursor>),
    limit: u32,
) -> Result<(Vec<Event>, Option<Cursor>), Refusal> {
    // No action and no id holds one, and a PostgreSQL server takes none in a text.
    if [&filter.action, &filter.actor].into_iter().flatten().any(|text| text.contains(char::is_control)) {
        return Ok((Vec::new(), None));
    }
    let mut tx = app.db.read().await?;
    let mut found = organisation_events::page(&mut tx, organisation, filter, cursor, i64::from(limit) + 1).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > wanted;
    found.truncate(wanted);
    let next = found.last().filter(|_| more).map(Cursor::after);
    Ok((found.into_iter().map(|entry| event(app, entry)).collect(), next))
}

/// What the members among the actors of these entries are called, by id: name, or address. Others, and who is long
/// gone, are not among them.
///
/// # Errors
/// The database's.
pub async fn called(
    app: &App,
    organisation: OrganisationId,
    events: &[Event],
) -> Result<BTreeMap<String, String>, Refusal> {
    let ids: BTreeSet<&str> = events.iter().map(|event| event.actor_id.as_str()).collect();
    let ids: Vec<MemberId> = ids.into_iter().filter_map(|id| id.parse().ok()).collect();
    let mut called = BTreeMap::new();
    for member in members::ever_of(&mut app.db.read().await?, organisation, ids).await? {
        let (name, email) = member.identity(&app.keyring)?;
        if let Some(text) = [name, email].into_iter().find(|text| !text.is_empty()) {
            called.insert(member.id.to_string(), text);
        }
    }
    Ok(called)
}

fn event(app: &App, entry: Entry) -> Event {
    // What cannot be read is not said; that it happened is.
    let details = entry.details(&app.keyring, None).ok().flatten();
    let mut details = match details {
        Some(Value::Object(details)) => details,
        _ => Map::new(),
    };
    let mut take = |name: &str| details.remove(name).and_then(|value| value.as_str().map(str::to_owned));
    let (ip, tenant) = (take("ip"), take("tenant"));
    Event {
        number: entry.seq,
        at: entry.at,
        action: entry.action,
        actor_kind: entry.actor_kind,
        actor_id: entry.actor_id,
        request_id: entry.request_id,
        ip,
        tenant,
        details,
        hash: entry.hash,
    }
}

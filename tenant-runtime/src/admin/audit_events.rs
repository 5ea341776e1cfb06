//! `/audit-events` and `/audit-verification`: the log, to read and to check (F17).

use std::sync::Arc;

use axum::extract::State;
use polder_audit::{Cursor, Entry, Filter};
use polder_crypto::PersonKey;
use polder_db::Tx;
use polder_service::json::Json;
use polder_tenant_api::{AuditEvent, Page};
use serde::Deserialize;

use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::store::users;

/// What a list of events may be asked for.
#[derive(Debug, Deserialize)]
pub struct Wanted {
    user_id: Option<String>,
    action: Option<String>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /audit-events`: newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(wanted): input::Query<Wanted>,
) -> Result<Json<Page<AuditEvent>>, ProblemError> {
    let limit = usize::try_from(input::limit(wanted.limit)).unwrap_or(1);
    let cursor = match wanted.cursor.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(Cursor::parse(text).ok_or_else(input::not_ours)?),
        None => None,
    };
    // Not every database can be asked about a NUL, and nothing is called so.
    if [&wanted.user_id, &wanted.action].into_iter().flatten().any(|text| text.contains('\0')) {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    }
    let filter = Filter { user_id: wanted.user_id, action: wanted.action };
    let mut tx = app.db.read().await?;
    let one_more = u32::try_from(limit + 1).unwrap_or(u32::MAX);
    let mut entries = polder_audit::list(&mut tx, &filter, cursor, one_more).await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries.last().filter(|_| more).map(|last| Cursor::after(last).to_text());
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        items.push(shown(&app, &mut tx, entry).await?);
    }
    Ok(Json(Page { items, next }))
}

/// `GET /audit-verification`: walks the whole chain and names the first entry where it breaks.
pub async fn verify(State(app): State<Arc<App>>, _: Caller) -> Result<Json<polder_audit::Report>, ProblemError> {
    let mut tx = app.db.read().await?;
    Ok(Json(polder_audit::verify(&mut tx, app.checkpoints.verifier()).await?))
}

async fn shown(app: &App, tx: &mut Tx, entry: Entry) -> Result<AuditEvent, Internal> {
    let key = person_key(app, tx, &entry).await?;
    // Details that do not open are shown as missing: the log must stay readable around them.
    let details = entry.details(&app.keyring, key.as_ref()).ok().flatten();
    Ok(AuditEvent {
        id: format!("{}-{}", entry.chain, entry.seq),
        at: entry.at.rfc3339(),
        action: entry.action,
        actor_kind: entry.actor_kind,
        actor_id: entry.actor_id,
        user_id: entry.user_id,
        application_id: entry.application_id,
        session_id: entry.session_id,
        request_id: entry.request_id,
        details,
        hash: entry.hash,
    })
}

/// The key of the person an entry concerns; none once they are erased.
async fn person_key(app: &App, tx: &mut Tx, entry: &Entry) -> Result<Option<PersonKey>, Internal> {
    let is_sealed = entry.details_sealed.as_deref().is_some_and(PersonKey::is_sealed_for_a_person);
    let Some(id) = entry.user_id.as_deref().filter(|_| is_sealed) else { return Ok(None) };
    let Ok(user) = id.parse() else { return Ok(None) };
    let wrapped = users::audit_key(tx, user).await?;
    wrapped.map(|wrapped| app.keyring.person_key(id, &wrapped)).transpose().map_err(Internal::from)
}

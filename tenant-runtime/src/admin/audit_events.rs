//! `/audit-events`, `/audit-chain`, `/audit-checkpoint` and `/audit-verification`: the log, to read, to take along and
//! to check (F17).

use std::sync::Arc;

use axum::extract::State;
use polder_audit::exported::{self, Line, Place};
use polder_audit::{Checkpoint, Cursor, Entry, Filter, Found};
use polder_crypto::PersonKey;
use polder_db::Tx;
use polder_kernel::Timestamp;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{AuditCheckpoint, AuditEvent, AuditVerification, ByTime, Page};
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
    application_id: Option<String>,
    actor_kind: Option<String>,
    /// RFC 3339: from this moment on.
    from: Option<String>,
    /// RFC 3339: before this moment.
    before: Option<String>,
    sort: Option<ByTime>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /audit-events`: newest first unless asked otherwise.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(wanted): input::Query<Wanted>,
) -> Result<Json<Page<AuditEvent>>, ProblemError> {
    let limit = u32::try_from(input::limit(wanted.limit)).unwrap_or(1);
    let cursor = match wanted.cursor.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Some(Cursor::parse(text).ok_or_else(input::not_ours)?),
        None => None,
    };
    // Not every database can be asked about a NUL, and nothing is called so.
    let texts = [&wanted.user_id, &wanted.action, &wanted.application_id, &wanted.actor_kind];
    if texts.into_iter().flatten().any(|text| text.contains('\0')) {
        return Ok(Json(Page { items: Vec::new(), next: None }));
    }
    let filter = Filter {
        user_id: wanted.user_id,
        action: wanted.action,
        application_id: wanted.application_id,
        actor_kind: wanted.actor_kind,
        from: moment(wanted.from.as_deref())?,
        before: moment(wanted.before.as_deref())?,
        oldest_first: wanted.sort == Some(ByTime::Oldest),
    };
    let mut tx = app.db.read().await?;
    let Found { entries, next } = polder_audit::search(&mut tx, &filter, cursor, limit).await?;
    let next = next.map(Cursor::to_text);
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        items.push(shown(&app, &mut tx, entry).await?);
    }
    Ok(Json(Page { items, next }))
}

/// `GET /audit-checkpoint`: the end of the log, signed; anew where events came since.
pub async fn checkpoint(State(app): State<Arc<App>>, _: Caller) -> Result<Json<AuditCheckpoint>, ProblemError> {
    let signed = signed(&app).await?;
    let key = serde_json::to_value(app.checkpoints.public_jwk()).map_err(Internal::from)?;
    let Checkpoint { seq, at, hash, signature, .. } = signed;
    Ok(Json(AuditCheckpoint { seq, at: at.rfc3339(), hash, signature, key }))
}

/// What part of the chain is wanted.
#[derive(Debug, Deserialize)]
pub struct WantedPart {
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /audit-chain`: the whole log as it is verified elsewhere, oldest first. It ends with a checkpoint that is signed
/// when it begins, so that everything in it is covered.
pub async fn chain(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(wanted): input::Query<WantedPart>,
) -> Result<Json<Page<Line>>, ProblemError> {
    let limit = u32::try_from(input::limit(wanted.limit)).unwrap_or(1);
    let through;
    let from = match wanted.cursor.as_deref().filter(|text| !text.is_empty()) {
        Some(text) => Ok(Place::parse(text).ok_or_else(input::not_ours)?),
        None => {
            through = signed(&app).await?;
            Err(&through)
        }
    };
    let mut tx = app.db.read().await?;
    let part = exported::read(&mut tx, &app.checkpoints, from, limit).await?;
    let mut persons = Vec::with_capacity(part.entries.len());
    for entry in &part.entries {
        // Where a key does not open, the details stay sealed: the log must be readable around them.
        persons.push(person_key(&app, &mut tx, entry).await.unwrap_or_default());
    }
    let next = part.next.map(Place::to_text);
    Ok(Json(Page { items: part.into_lines(&app.keyring, persons), next }))
}

async fn signed(app: &App) -> Result<Checkpoint, ProblemError> {
    let signed = polder_audit::checkpoint::write(&app.db, &app.checkpoints).await?;
    signed.ok_or_else(|| Problem::conflict("nothing_happened", "there is nothing in the log yet").into())
}

/// `GET /audit-verification`: walks the whole chain and names the first entry where it breaks. One walk serves all who
/// ask; a long one goes on after the answer, and who asks again hears how far it is.
pub async fn verify(State(app): State<Arc<App>>, _: Caller) -> Json<AuditVerification> {
    Json(crate::verification::follow(&app).await)
}

fn moment(text: Option<&str>) -> Result<Option<Timestamp>, ProblemError> {
    text.map(str::parse).transpose().map_err(|_| input::invalid("a moment is written 2026-11-21T08:00:00Z"))
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

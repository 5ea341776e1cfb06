//! `/messages`: what was sent, what waits and what was given up (P7). Codes are in none of it.

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_tenant_api::{ByCreation, Message, MessageKind, MessageState, Page, UserId};
use serde::Deserialize;

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;
use crate::store::message_log::{self, Entry, Wanted};
use crate::store::users;

/// What the log may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    user_id: Option<String>,
    state: Option<MessageState>,
    sort: Option<ByCreation>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /messages`: newest first unless asked otherwise.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<Message>>, ProblemError> {
    let limit = input::limit(filter.limit);
    let cursor = input::cursor::<MessageKind>(filter.cursor.as_deref())?;
    let mut tx = app.db.read().await?;
    let wanted = match filter.user_id.as_deref() {
        None => Wanted::Any(filter.state),
        Some(user) => {
            let user = user.parse::<UserId>().ok();
            let user = match user {
                Some(user) => users::by_id(&mut tx, &app.keyring, user).await?,
                None => None,
            };
            // Nobody is sent anything.
            let Some(user) = user else { return Ok(Json(Page { items: Vec::new(), next: None })) };
            Wanted::Of(user.id, user.email, filter.state)
        }
    };
    let rows =
        message_log::page(&mut tx, &app.keyring, (&wanted, filter.sort.unwrap_or_default()), cursor, limit + 1).await?;
    let (rows, next) = input::cut(rows, limit, |entry| (entry.created_at, entry.id));
    Ok(Json(Page { items: rows.into_iter().map(view).collect(), next }))
}

/// `GET /messages/{id}`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Message>, ProblemError> {
    let found = message_log::one(&mut app.db.read().await?, &app.keyring, input::id(&id)?).await?;
    Ok(Json(view(found.ok_or_else(input::not_found)?)))
}

fn view(entry: Entry) -> Message {
    Message {
        id: entry.id,
        kind: entry.template,
        user_id: entry.user_id,
        to: entry.recipient.masked(),
        locale: entry.locale,
        subject: entry.outcome.subject,
        state: match (entry.sent_at, entry.failed_at) {
            (Some(_), _) => MessageState::Sent,
            (None, Some(_)) => MessageState::Failed,
            (None, None) => MessageState::Waiting,
        },
        attempts: entry.attempts,
        created_at: entry.created_at.rfc3339(),
        expires_at: entry.expires_at.rfc3339(),
        next_attempt_at: entry.next_attempt_at.map(Timestamp::rfc3339),
        sent_at: entry.sent_at.map(Timestamp::rfc3339),
        failed_at: entry.failed_at.map(Timestamp::rfc3339),
        failure: entry.failure,
        answer: entry.outcome.answer,
    }
}

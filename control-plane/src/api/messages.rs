//! `/tenants/{slug}/messages`.

use polder_service::json::Json;
use polder_tenant_api::{ByCreation, Message, MessageKind, MessageState, Page, UserId};
use serde::Deserialize;
use utoipa::IntoParams;

use super::ApiError;
use super::input::{Params, part};
use super::within::{AtId, Within};
use crate::administer::messages;

/// Which messages are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// Those to this person, or to the address they have now.
    #[param(nullable = false, value_type = String, example = "019a0000-0000-7000-8000-000000000002")]
    user_id: Option<UserId>,
    /// Those that have come so far.
    #[param(nullable = false)]
    state: Option<MessageState>,
    /// In which order: `-created_at`, as unless given, for the newest first.
    #[param(inline, nullable = false)]
    sort: Option<ByCreation>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists the mails a tenant sent or means to send, each with how far it has come. What they said is not
/// kept, and no code is shown.
#[utoipa::path(
    get, path = "/tenants/{slug}/messages", operation_id = "listMessages", tag = "messages",
    params(("slug" = String, Path, description = "The tenant", example = "acme"), Wanted),
    responses((status = 200, description = "A page of messages", body = Page<Message>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000007", "kind": "sign_in_code",
        "user_id": "019a0000-0000-7000-8000-000000000002", "to": "a…@example.com", "locale": "en",
        "subject": "Your sign-in code for Acme", "state": "sent", "attempts": 1,
        "created_at": "2026-11-21T08:05:00.000Z", "expires_at": "2026-11-21T08:10:00.000Z", "next_attempt_at": null,
        "sent_at": "2026-11-21T08:05:00.350Z", "failed_at": null, "failure": null, "answer": null}], "next": null})))
)]
pub async fn list(Within(on): Within, Params(wanted): Params<Wanted>) -> Result<Json<Page<Message>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let user = wanted.user_id.map(|id| id.to_string());
    Ok(Json(messages::list(&on, (user.as_deref(), wanted.state, wanted.sort.unwrap_or_default()), &part).await?))
}

/// Shows a message.
#[utoipa::path(
    get, path = "/tenants/{slug}/messages/{id}", operation_id = "showMessage", tag = "messages",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The message", example = "019a0000-0000-7000-8000-000000000007")),
    responses((status = 200, description = "The message", body = Message, example = json!({
        "id": "019a0000-0000-7000-8000-000000000007", "kind": "invitation",
        "user_id": "019a0000-0000-7000-8000-000000000002", "to": "a…@example.com", "locale": "en",
        "subject": "Your account at Acme", "state": "failed", "attempts": 1,
        "created_at": "2026-11-21T08:05:00.000Z", "expires_at": "2026-11-28T08:05:00.000Z", "next_attempt_at": null,
        "sent_at": null, "failed_at": "2026-11-21T08:05:00.350Z", "failure": "refused by the receiving server",
        "answer": "550 5.1.1 <…>: user unknown"})))
)]
pub async fn show(Within(on): Within, AtId(id): AtId<MessageKind>) -> Result<Json<Message>, ApiError> {
    Ok(Json(messages::show(&on, id).await?))
}

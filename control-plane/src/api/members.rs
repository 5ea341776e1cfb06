//! `/members`: the people of your organisation.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::input::{Input, Params, part};
use super::within::AtId;
use super::{ApiError, Caller};
use crate::app::App;
use crate::model::{MemberKind, Role};
use crate::organisation::members;
use crate::store::members::MemberOrder;

/// The items of a page where no number is given.
pub(super) const USUAL: u32 = 50;

/// Somebody who may use the console for your organisation.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Member {
    /// Names them.
    pub id: String,
    /// Their name; empty until their first sign-in.
    pub name: String,
    /// Their e-mail address; empty until their first sign-in.
    pub email: String,
    /// What they may do; see the table of roles.
    pub role: Role,
    /// Since when.
    pub created_at: String,
    /// When they last used the console, to the minute; null for never.
    pub last_seen_at: Option<String>,
}

/// What is to change of a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberChanges {
    /// Their role.
    pub role: Option<Role>,
}

impl From<members::Member> for Member {
    fn from(member: members::Member) -> Self {
        Self {
            id: member.id.to_string(),
            name: member.name,
            email: member.email,
            role: member.role,
            created_at: member.created_at.rfc3339(),
            last_seen_at: member.last_seen_at.map(Timestamp::rfc3339),
        }
    }
}

/// An id that a list gave as its cursor.
pub(super) fn cursor<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>, ApiError> {
    let read = |text: &str| text.parse().map_err(|_| Problem::bad_request("the cursor is not one of ours").into());
    cursor.map(read).transpose()
}

/// Which part of the members is wanted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Wanted {
    /// In which order; a `-` turns it round, and unless given it is `created_at`, the oldest first.
    #[param(inline, nullable = false)]
    sort: Option<MemberOrder>,
    /// `next` of the page before, in the same order.
    #[param(nullable = false)]
    cursor: Option<String>,
    /// How many items at most: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200, default = 50, nullable = false)]
    limit: Option<u32>,
}

/// Lists the members of your organisation.
#[utoipa::path(
    get, path = "/members", operation_id = "listMembers", tag = "members", params(Wanted),
    responses((status = 200, description = "A page of members", body = Page<Member>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000005", "name": "Ann de Vries", "email": "ann@example.com",
        "role": "owner", "created_at": "2026-11-21T08:00:00.000Z", "last_seen_at": "2026-11-21T08:05:00.000Z"}],
        "next": null})))
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(wanted): Params<Wanted>,
) -> Result<Json<Page<Member>>, ApiError> {
    let part = part(wanted.cursor, wanted.limit)?;
    let (seen, limit) = (cursor(part.cursor.as_deref())?, part.limit.unwrap_or(USUAL));
    let (found, more) =
        members::page(&app, caller.organisation_id, (wanted.sort.unwrap_or_default(), seen), limit).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(Page { items: found.into_iter().map(Member::from).collect(), next }))
}

/// Shows a member.
#[utoipa::path(
    get, path = "/members/{id}", operation_id = "showMember", tag = "members",
    params(("id" = String, Path, description = "The member", example = "019a0000-0000-7000-8000-000000000005")),
    responses((status = 200, description = "The member", body = Member, example = json!({
        "id": "019a0000-0000-7000-8000-000000000005", "name": "Ann de Vries", "email": "ann@example.com",
        "role": "owner", "created_at": "2026-11-21T08:00:00.000Z", "last_seen_at": "2026-11-21T08:05:00.000Z"})))
)]
pub async fn show(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<MemberKind>,
) -> Result<Json<Member>, ApiError> {
    Ok(Json(members::show(&app, caller.organisation_id, id).await?.into()))
}

/// Gives a member another role. A key gives every role but the owner's, and changes no owner.
#[utoipa::path(
    patch, path = "/members/{id}", operation_id = "changeMember", tag = "members",
    params(("id" = String, Path, description = "The member", example = "019a0000-0000-7000-8000-000000000005")),
    request_body(content = MemberChanges, example = json!({"role": "support"})),
    responses((status = 200, description = "The member as they are now", body = Member, example = json!({
        "id": "019a0000-0000-7000-8000-000000000005", "name": "Ann de Vries", "email": "ann@example.com",
        "role": "support", "created_at": "2026-11-21T08:00:00.000Z", "last_seen_at": "2026-11-21T08:05:00.000Z"})))
)]
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<MemberKind>,
    Input(changes): Input<MemberChanges>,
) -> Result<Json<Member>, ApiError> {
    if let Some(role) = changes.role {
        members::change_role(&app, &caller.by(), id, role).await?;
    }
    Ok(Json(members::show(&app, caller.organisation_id, id).await?.into()))
}

/// Removes a member. They are signed out of the console at once.
#[utoipa::path(
    delete, path = "/members/{id}", operation_id = "removeMember", tag = "members",
    params(("id" = String, Path, description = "The member", example = "019a0000-0000-7000-8000-000000000005")),
    responses((status = 204, description = "They are no member any more"))
)]
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<MemberKind>,
) -> Result<StatusCode, ApiError> {
    members::remove(&app, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

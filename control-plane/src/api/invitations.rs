//! `/invitations`: who is invited to your organisation.

use std::sync::Arc;

use axum::extract::State;
use http::HeaderName;
use http::StatusCode;
use http::header::LOCATION;
use polder_kernel::{Email, Locale, Timestamp};
use polder_service::json::Json;
use polder_service::problem::Problem;
use polder_tenant_api::Page;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::input::{Input, Listing, Params};
use super::members::{USUAL, cursor};
use super::within::AtId;
use super::{ApiError, Caller};
use crate::app::App;
use crate::model::{InvitationKind, Role};
use crate::organisation::invitations;

/// An invitation that is neither used nor revoked. It is for its address alone, and is used once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Invitation {
    /// Names it.
    pub id: String,
    /// Whom it invites.
    pub email: String,
    /// As what.
    pub role: Role,
    /// When it was made.
    pub created_at: String,
    /// Until when it can be used; after that it can be sent again.
    pub expires_at: String,
    /// When its mail was handed on; null while it was not.
    pub mailed_at: Option<String>,
}

/// An invitation with its link, which is shown this once.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct InvitationMade {
    /// The invitation.
    #[serde(flatten)]
    pub invitation: Invitation,
    /// The page that takes it, to hand on besides the mail.
    pub link: String,
}

/// Somebody to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    /// Their e-mail address.
    pub email: String,
    /// As what. A key gives every role but the owner's.
    pub role: Role,
    /// The language of the mail: `en` unless given.
    pub locale: Option<String>,
}

impl From<invitations::Invitation> for Invitation {
    fn from(invitation: invitations::Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email,
            role: invitation.role,
            created_at: invitation.created_at.rfc3339(),
            expires_at: invitation.expires_at.rfc3339(),
            mailed_at: invitation.mailed_at.map(Timestamp::rfc3339),
        }
    }
}

/// Lists pending invitations, the oldest first.
#[utoipa::path(
    get, path = "/invitations", operation_id = "listInvitations", tag = "members", params(Listing),
    responses((status = 200, description = "A page of invitations", body = Page<Invitation>, example = json!({"items": [{
        "id": "019a0000-0000-7000-8000-000000000006", "email": "bob@example.com", "role": "developer",
        "created_at": "2026-11-21T08:00:00.000Z", "expires_at": "2026-11-28T08:00:00.000Z",
        "mailed_at": "2026-11-21T08:00:01.000Z"}], "next": null})))
)]
pub async fn list(
    State(app): State<Arc<App>>,
    caller: Caller,
    Params(listing): Params<Listing>,
) -> Result<Json<Page<Invitation>>, ApiError> {
    let part = listing.part()?;
    let (after, limit) = (cursor(part.cursor.as_deref())?, part.limit.unwrap_or(USUAL));
    let (found, more) = invitations::page(&app, caller.organisation_id, after, limit).await?;
    let next = found.last().filter(|_| more).map(|last| last.id.to_string());
    Ok(Json(Page { items: found.into_iter().map(Invitation::from).collect(), next }))
}

/// Invites somebody by mail. Whoever accepts has to prove this address.
#[utoipa::path(
    post, path = "/invitations", operation_id = "createInvitation", tag = "members",
    request_body(content = NewInvitation, example = json!({"email": "bob@example.com", "role": "developer"})),
    responses((status = 201, description = "They are invited", body = InvitationMade,
        headers(("Location" = String, description = "Where to revoke it")),
        example = json!({"id": "019a0000-0000-7000-8000-000000000006", "email": "bob@example.com", "role": "developer",
        "created_at": "2026-11-21T08:00:00.000Z", "expires_at": "2026-11-28T08:00:00.000Z", "mailed_at": null,
        "link": "https://console.polder.example/invitation/4fGh7Jk2Lm9Np3Qr8St5Vw6Xy1Zb0Cd"})))
)]
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Input(new): Input<NewInvitation>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Json<InvitationMade>), ApiError> {
    let wrong = |field: &str, why: &str| ApiError::from(Problem::invalid(Vec::new()).error(field, why));
    let email: Email = new.email.parse().map_err(|_| wrong("/email", "is not an e-mail address"))?;
    let locale = new.locale.as_deref().map(str::parse::<Locale>).transpose();
    let locale = locale.map_err(|_| wrong("/locale", "is no language of ours"))?.unwrap_or_default();
    let (made, link) = invitations::invite(&app, &caller.by(), (email, new.role, locale)).await?;
    let at = format!("/api/v1/invitations/{}", made.id);
    let made = InvitationMade { invitation: made.into(), link: link.expose().clone() };
    Ok((StatusCode::CREATED, [(LOCATION, at)], Json(made)))
}

/// Sends an invitation again, with another link; the one before opens nothing any more.
#[utoipa::path(
    post, path = "/invitations/{id}/resend", operation_id = "resendInvitation", tag = "members",
    params(("id" = String, Path, description = "The invitation", example = "019a0000-0000-7000-8000-000000000006")),
    responses((status = 200, description = "It is on its way", body = InvitationMade,
        example = json!({"id": "019a0000-0000-7000-8000-000000000006", "email": "bob@example.com", "role": "developer",
        "created_at": "2026-11-21T08:00:00.000Z", "expires_at": "2026-11-28T08:00:00.000Z", "mailed_at": null,
        "link": "https://console.polder.example/invitation/4fGh7Jk2Lm9Np3Qr8St5Vw6Xy1Zb0Cd"})))
)]
pub async fn resend(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<InvitationKind>,
) -> Result<Json<InvitationMade>, ApiError> {
    let (sent, link) = invitations::resend(&app, &caller.by(), id).await?;
    Ok(Json(InvitationMade { invitation: sent.into(), link: link.expose().clone() }))
}

/// Revokes an invitation: its link opens nothing any more.
#[utoipa::path(
    delete, path = "/invitations/{id}", operation_id = "revokeInvitation", tag = "members",
    params(("id" = String, Path, description = "The invitation", example = "019a0000-0000-7000-8000-000000000006")),
    responses((status = 204, description = "It is revoked"))
)]
pub async fn revoke(
    State(app): State<Arc<App>>,
    caller: Caller,
    AtId(id): AtId<InvitationKind>,
) -> Result<StatusCode, ApiError> {
    invitations::revoke(&app, &caller.by(), id).await?;
    Ok(StatusCode::NO_CONTENT)
}

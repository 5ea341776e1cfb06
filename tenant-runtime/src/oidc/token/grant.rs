//! The grant that a person's word leads to, by a code of a browser or for another device.

use polder_audit::{Actor, Event};
use polder_kernel::Timestamp;
use polder_protocol::GrantType;
use polder_protocol::scope::OFFLINE_ACCESS;

use crate::App;
use crate::model::{Application, Approved, Grant};

/// A new grant, and when its last token is over. Without `offline_access` its refresh family is tied to the session (E13, B45); that of an application
/// which keeps no secret is tied to its key (RFC 9449 5).
pub(super) fn begun(app: &App, application: &Application, approved: Approved, jkt: Option<&str>) -> (Grant, Timestamp) {
    let Approved { grant_id, user_id, session_id, scope, bound } = approved;
    let now = app.clock.now();
    let offline = scope.contains(OFFLINE_ACCESS);
    let refreshes = application.client.grant_types.contains(&GrantType::RefreshToken);
    let lifetimes = application.lifetimes(&app.lifetimes);
    let absolute = now + lifetimes.refresh_absolute;
    let absolute = if offline { absolute } else { absolute.min(bound.session_expires_at) };
    let ends_at = if refreshes { absolute } else { now } + lifetimes.access_token;
    let grant = Grant {
        id: grant_id,
        application_id: application.id,
        user_id,
        session_id: (!offline).then_some(session_id),
        sid: bound.sid,
        scope,
        claims: bound.claims,
        resources: bound.resources,
        acr: bound.acr,
        amr: bound.amr,
        authenticated_at: bound.authenticated_at,
        created_at: now,
        generation: 0,
        rotated_at: None,
        refresh_idle_expires_at: refreshes.then(|| absolute.min(now + lifetimes.refresh_idle)),
        refresh_expires_at: refreshes.then_some(absolute),
        refresh_jkt: jkt.filter(|_| application.client.is_public()).map(str::to_owned),
        revoked_at: None,
    };
    (grant, ends_at)
}

/// Something that became of a grant, at its application's doing.
pub(super) fn event(action: &'static str, grant: &Grant) -> Event {
    let event = Event::new(action, Actor::application(grant.application_id));
    event.user(grant.user_id).application(grant.application_id)
}

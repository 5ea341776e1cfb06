//! How many sessions a person may have (E18). At the limit, as the tenant has it, the one that was not used
//! for the longest time ends, or the sign-in waits and `POST /signin/room` ends the one that the person says.
//!
//! Counting and starting are one unit of work, and those run one after the other: however many sign in at
//! once, no more get in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_hosted_pages::tenant::{MakeRoom, RoomTaken};
use polder_hosted_pages::{Country, Device, when};
use polder_kernel::Secret;
use polder_tenant_api::{AtSessionLimit, SessionId};
use serde_json::json;

use super::answer;
use super::form::FlowForm;
use super::page::Paper;
use super::session::{self, Signed};
use super::start::{Completed, Proof, Started};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::account::sessions as devices;
use crate::error::{Internal, Kind, PageError};
use crate::guard::known;
use crate::model::{Application, Method, User};
use crate::store::awaited_factors::{self, Awaited, WaitsFor};
use crate::store::{grants, sessions, users};

/// Sees to it that one more session of `user` fits. `false` when it does not, and the flow waits.
///
/// # Errors
/// When the database fails.
pub async fn make(
    app: &App,
    tx: &mut Tx,
    proof: &Proof,
    (user, methods): (&User, &[Method]),
) -> Result<bool, Internal> {
    let (tenant, now) = (app.tenant.current(), app.clock.now());
    let Some(limit) = usize::try_from(tenant.session_limit).ok().filter(|limit| *limit > 0) else { return Ok(true) };
    let live = sessions::live_of(tx, user.id, now).await?;
    let surplus = (live.len() + 1).saturating_sub(limit);
    if surplus == 0 {
        return Ok(true);
    }
    if tenant.at_session_limit == AtSessionLimit::Refuse {
        proof.wait_for_room(app, tx, user, methods).await?;
        let event = proof.event("session.refused", Actor::user(user.id)).user(user.id);
        polder_audit::record(tx, event.details(json!({ "reason": "session_limit", "limit": limit })));
        return Ok(false);
    }
    for session in live.into_iter().take(surplus) {
        sessions::end(tx, session, "session_limit", now).await?;
        let event = proof.event("session.ended", Actor::user(user.id)).user(user.id).session(session);
        polder_audit::record(tx, event.details(json!({ "reason": "session_limit", "limit": limit })));
    }
    Ok(true)
}

/// Shows the person's sessions, to end one.
///
/// # Errors
/// When the sign-in waits no more, or the database fails.
pub async fn show(
    app: &App,
    visit: &Visit,
    waiting: &Waiting,
    application: &Application,
) -> Result<Response, PageError> {
    let mut tx = app.db.read().await?;
    let awaited = awaited_factors::of_flow(&mut tx, &waiting.hash(app)).await?;
    let awaited = awaited.filter(|awaited| awaited.waits(WaitsFor::Room, app.clock.now()));
    let awaited = awaited.ok_or_else(|| PageError::new(Kind::Expired))?;
    let mut live = devices::live(app, &mut tx, awaited.user_id).await?;
    live.sort_by_key(|listed| listed.session.last_seen_at);
    let paper = Paper::of_flow(app, visit, waiting, application);
    let words: Vec<(String, String)> = live
        .iter()
        .map(|listed| (listed.session.id.to_string(), when::moment(paper.locale, listed.session.last_seen_at)))
        .collect();
    let taken: Vec<RoomTaken<'_>> = live
        .iter()
        .zip(&words)
        .map(|(listed, (id, last_seen))| RoomTaken {
            id,
            device: listed.metadata.user_agent.as_deref().map(Device::from_user_agent).unwrap_or_default(),
            country: Country::in_words(listed.metadata.country.as_deref(), paper.locale),
            last_seen,
        })
        .collect();
    let page = MakeRoom { frame: paper.frame(), application: &application.name, taken: &taken };
    Ok(paper.print(StatusCode::OK, &page))
}

/// Ends the session that the person says and starts the one that waits. Without one it only tries again: they
/// may have ended one elsewhere.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let (visit, waiting) = (&form.visit, &form.waiting);
    let (unit, flow_hash) = (Arc::clone(&app), waiting.hash(&app));
    let proof = Proof::in_flow(&app, visit, waiting);
    let wanted: Option<SessionId> = form.field("session").parse().ok();
    let entered =
        app.db.write(move |tx| Box::pin(async move { enter(&unit, tx, &proof, (&flow_hash, wanted)).await })).await?;
    let Some(Entered { signed, cookie, proved_address }) = entered else {
        // Still no room, or the flow waits no more: its page says which.
        return answer::proceed(&app, visit, waiting, None, false).await;
    };
    let mut response = answer::proceed(&app, visit, waiting, Some(&signed), false).await?;
    session::cookie(&app, &cookie).append_to(response.headers_mut());
    if proved_address {
        known::remember(&app, &visit.jar, &signed.user.email).append_to(response.headers_mut());
    }
    Ok(response)
}

struct Entered {
    signed: Signed,
    cookie: Secret<String>,
    proved_address: bool,
}

async fn enter(
    app: &App,
    tx: &mut Tx,
    proof: &Proof,
    (flow_hash, wanted): (&str, Option<SessionId>),
) -> Result<Option<Entered>, Internal> {
    let now = app.clock.now();
    let awaited = awaited_factors::of_flow(tx, flow_hash).await?.filter(|awaited| awaited.waits(WaitsFor::Room, now));
    let Some(Awaited { user_id, methods, .. }) = awaited else { return Ok(None) };
    let user = users::by_id(tx, &app.keyring, user_id).await?.filter(|user| user.disabled_at.is_none());
    let Some(user) = user else { return Ok(None) };
    // Only one of their own, and that with all it opened: whoever says so means the device.
    if let Some(id) = wanted
        && sessions::live_of(tx, user_id, now).await?.contains(&id)
        && sessions::end(tx, id, "ended_by_user", now).await?
    {
        grants::revoke_of_device(tx, id, "ended_by_user", now).await?;
        let event: Event = proof.event("session.ended", Actor::user(user_id)).user(user_id).session(id);
        polder_audit::record(tx, event.details(json!({ "reason": "room" })));
    }
    // The flow makes one session: it is used up first, and waits anew where there still is no room.
    if !awaited_factors::consume(tx, flow_hash, now).await? {
        return Ok(None);
    }
    match proof.start(app, tx, &user, &methods).await? {
        Completed::Waits => Ok(None),
        Completed::Session(started) => {
            let Started { session, cookie } = *started;
            let proved_address = methods.contains(&Method::EmailCode);
            Ok(Some(Entered { signed: Signed { session, user }, cookie, proved_address }))
        }
    }
}

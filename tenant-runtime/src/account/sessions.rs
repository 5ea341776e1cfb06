//! `/account/sessions`: where somebody is signed in, and ending that (E10, P6).

use std::sync::Arc;

use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_audit::{Actor, Event};
use polder_db::Tx;
use polder_hosted_pages::account::{Method, Outcome, Section, SessionItem, Sessions};
use polder_hosted_pages::{Country, Device, when};
use polder_tenant_api::{SessionId, UserId};

use super::door::{AccountForm, Away, Here};
use super::sheet::Sheet;
use crate::App;
use crate::error::Internal;
use crate::model::{Assurance, Session};
use crate::signin::session::Signed;
use crate::store::grants;
use crate::store::sessions::{self, Listed};

const PAGE: &str = "/account/sessions";
/// More sessions than anybody looks through.
const MOST: i64 = 500;

/// The live sessions of a person, newest first.
pub async fn live(app: &App, tx: &mut Tx, user: UserId) -> Result<Vec<Listed>, Internal> {
    let mut listed = sessions::of_user(tx, &app.keyring, user, MOST).await?;
    let now = app.clock.now();
    listed.retain(|listed| listed.session.is_live(now));
    Ok(listed)
}

/// Whether the person is signed in anywhere but in this session.
///
/// # Errors
/// When the database fails.
pub async fn elsewhere(app: &App, tx: &mut Tx, signed: &Signed) -> Result<bool, Internal> {
    let listed = live(app, tx, signed.user.id).await?;
    Ok(listed.iter().any(|listed| listed.session.id != signed.session.id))
}

/// Shows them, this one first.
pub async fn show(State(app): State<Arc<App>>, RawQuery(query): RawQuery, here: Here) -> Result<Response, Away> {
    let mut tx = app.db.read().await?;
    let current = here.signed.session.id;
    let mut listed = live(&app, &mut tx, here.signed.user.id).await?;
    listed.sort_by_key(|listed| (listed.session.id != current, std::cmp::Reverse(listed.session.last_seen_at)));
    let sheet = Sheet::new(&app, &here, Section::Sessions);
    let at = |at| when::moment(sheet.locale(), at);
    let words: Vec<(String, String, String)> = listed
        .iter()
        .map(|Listed { session, .. }| (session.id.to_string(), at(session.created_at), at(session.last_seen_at)))
        .collect();
    let items: Vec<SessionItem<'_>> = listed
        .iter()
        .zip(&words)
        .map(|(Listed { session, metadata, .. }, (id, first_seen, last_seen))| SessionItem {
            id,
            device: metadata.user_agent.as_deref().map(Device::from_user_agent).unwrap_or_default(),
            country: Country::in_words(metadata.country.as_deref(), sheet.locale()),
            address: metadata.ip.as_deref().unwrap_or_default(),
            method: method(session),
            first_seen,
            last_seen,
            current: session.id == current,
        })
        .collect();
    let said = match query.as_deref() {
        Some("done=ended") => Some(Outcome::SessionEnded),
        Some("done=others") => Some(Outcome::OthersEnded),
        _ => None,
    };
    Ok(sheet.print(&Sessions { shell: sheet.shell(said), sessions: &items }))
}

/// Ends one of the person's own sessions.
pub async fn end(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    form.here.fresh(&app, PAGE).await?;
    let wanted: Option<SessionId> = form.field("session").parse().ok();
    end_where(&app, &form.here, move |id| Some(id) == wanted).await?;
    Ok(Redirect::to("/account/sessions?done=ended").into_response())
}

/// Ends every session but this one.
pub async fn end_others(State(app): State<Arc<App>>, form: AccountForm) -> Result<Response, Away> {
    form.here.fresh(&app, PAGE).await?;
    let current = form.here.signed.session.id;
    end_where(&app, &form.here, move |id| id != current).await?;
    Ok(Redirect::to("/account/sessions?done=others").into_response())
}

/// Ends the person's sessions that `chosen` picks, and every grant that was given in them: somebody who
/// lost a phone means the applications on it, too.
async fn end_where(
    app: &Arc<App>,
    here: &Here,
    chosen: impl Fn(SessionId) -> bool + Send + Sync + 'static,
) -> Result<(), Internal> {
    let (unit, user, request_id) = (Arc::clone(app), here.signed.user.id, here.visit.context.request_id);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let now = unit.clock.now();
                for Listed { session, .. } in live(&unit, tx, user).await? {
                    if chosen(session.id) && sessions::end(tx, session.id, "ended_by_user", now).await? {
                        grants::revoke_of_device(tx, session.id, "ended_by_user", now).await?;
                        let event = Event::new("session.ended", Actor::user(user)).user(user).session(session.id);
                        polder_audit::record(tx, event.request(request_id));
                    }
                }
                Ok::<_, Internal>(())
            })
        })
        .await
}

fn method(session: &Session) -> Method {
    let says = |word: &str| session.amr.iter().any(|known| known == word);
    match session.assurance() {
        Assurance::Passkey => Method::Passkey,
        Assurance::TwoFactors => Method::SecondStep,
        Assurance::Email if says("pop") => Method::Passkey,
        Assurance::Email if says("otp") => Method::Email,
        Assurance::Connection | Assurance::Email => Method::Other,
    }
}

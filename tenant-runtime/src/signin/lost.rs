//! The way back for somebody who cannot do the second step, or use their passkey, any more
//! ([`factors::lost`](crate::factors::lost)). `GET /signin?with=lost` shows where it stands, `POST /signin/lost`
//! asks for it, `POST /signin/lost/finish` goes on without what was lost, and `/signin/lost/stop` is where the
//! link in the notices leads.

use std::sync::Arc;

use axum::extract::{Query, Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::account::{Said, What};
use polder_hosted_pages::tenant::{Lost, LostPasskey, LostState, StopWayBack};
use polder_hosted_pages::{Frame, when};
use polder_kernel::Secret;
use polder_service::csrf::{self, Token};
use polder_tenant_api::PasskeyId;
use serde::Deserialize;

use super::answer::{self, At};
use super::ask::{self, Asking};
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::session::{self, Signed};
use super::start::{Completed, Proof, Started};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::account::door;
use crate::account::form::is_fresh;
use crate::error::{Internal, Kind, PageError};
use crate::factors::lost;
use crate::model::{Application, User};
use crate::store::awaited_factors::{self, Awaited, WaitsFor};
use crate::store::{factor_recoveries, passkeys, users};
use crate::{App, limits};

/// Shows where it stands.
pub async fn show(app: &Arc<App>, visit: &Visit, waiting: &Waiting) -> Result<Response, PageError> {
    let (application, user) = match who(app, visit, waiting).await? {
        Who::Proved(loser) => (loser.application, loser.user),
        Who::Unproved(application) => return prove_address(app, visit, waiting, &application).await,
    };
    let (mut tx, now) = (app.db.read().await?, app.clock.now());
    let open = factor_recoveries::open_of(&mut tx, user.id, now).await?;
    let held = passkeys::of_user(&mut tx, &app.keyring, user.id, None).await?;
    let held: Vec<LostPasskey> =
        held.into_iter().map(|passkey| LostPasskey { id: passkey.id.to_string(), name: passkey.name }).collect();
    let paper = Paper::of_flow(app, visit, waiting, &application);
    let until = open.map(|recovery| when::moment(paper.locale, recovery.ready_at)).unwrap_or_default();
    let state = match open {
        None => LostState::Ask { hours: app.tenant.current().recovery_wait_hours },
        Some(recovery) if now < recovery.ready_at => LostState::Waits { until: &until },
        Some(_) => LostState::Ready { passkeys: &held },
    };
    Ok(paper.print(StatusCode::OK, &Lost { frame: paper.frame(), state }))
}

/// Asks for it, and shows how long it takes.
pub async fn ask(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    match who(&app, &form.visit, &form.waiting).await? {
        Who::Proved(loser) => {
            lost::ask(&app, &form.visit, &loser.user).await?;
            Ok(Redirect::to(&format!("{}&with=lost", form.waiting.path())).into_response())
        }
        Who::Unproved(application) => prove_address(&app, &form.visit, &form.waiting, &application).await,
    }
}

/// Goes on without what was lost.
pub async fn finish(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let Who::Proved(loser) = who(&app, &form.visit, &form.waiting).await? else {
        return Err(PageError::new(Kind::Expired));
    };
    let held = passkeys::of_user(&mut app.db.read().await?, &app.keyring, loser.user.id, None).await?;
    let is_gone = |id: &PasskeyId| form.field(&format!("gone-{id}")) == "1";
    let gone: Vec<PasskeyId> = held.into_iter().map(|passkey| passkey.id).filter(is_gone).collect();
    let (signed, cookie) = let_in(&app, &form, (*loser, gone)).await?.ok_or_else(|| PageError::new(Kind::Expired))?;
    let mut response = answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await?;
    session::cookie(&app, &cookie).append_to(response.headers_mut());
    Ok(response)
}

/// Somebody who proved their address in this flow, or a moment ago.
struct Loser {
    application: Arc<Application>,
    user: User,
    /// Their session; none where the second step comes before it.
    signed: Option<Signed>,
}

enum Who {
    Proved(Box<Loser>),
    /// A session that lay around is no proof that its mail can be read.
    Unproved(Arc<Application>),
}

/// Only the flow's own step leads here (B98): where something is asked for that may be lost.
async fn who(app: &Arc<App>, visit: &Visit, waiting: &Waiting) -> Result<Who, PageError> {
    let expired = || PageError::new(Kind::Expired);
    let hash = waiting.hash(app);
    let at = At { request: &waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(app, visit, at).await?;
    if !matches!(look.step, Step::AskSecondFactor | Step::ProvePasskey) {
        return Err(expired());
    }
    let (application, mut tx) = (look.application, app.db.read().await?);
    if let Some(awaited) = waits(app, awaited_factors::of_flow(&mut tx, &hash).await?) {
        let user = users::by_id(&mut tx, &app.keyring, awaited.user_id).await?;
        let user = user.filter(|user| user.disabled_at.is_none()).ok_or_else(expired)?;
        return Ok(Who::Proved(Box::new(Loser { application, user, signed: None })));
    }
    let signed = look.signed.ok_or_else(expired)?;
    if signed.session.proved_in.as_deref() != Some(&hash) && !is_fresh(app, &signed.session) {
        return Ok(Who::Unproved(application));
    }
    let user = signed.user.clone();
    Ok(Who::Proved(Box::new(Loser { application, user, signed: Some(signed) })))
}

fn waits(app: &App, awaited: Option<Awaited>) -> Option<Awaited> {
    awaited.filter(|awaited| awaited.waits(WaitsFor::Factor, app.clock.now()))
}

/// One unit of work: what was lost is taken away, every session ends, and this one begins.
async fn let_in(
    app: &Arc<App>,
    form: &FlowForm,
    (loser, gone): (Loser, Vec<PasskeyId>),
) -> Result<Option<(Signed, Secret<String>)>, Internal> {
    let (unit, flow_hash) = (Arc::clone(app), form.waiting.hash(app));
    let proof = Proof::in_flow(app, &form.visit, &form.waiting);
    let done = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let app = &unit;
                let user = users::by_id(tx, &app.keyring, loser.user.id).await?;
                let Some(user) = user.filter(|user| user.disabled_at.is_none()) else { return Ok(None) };
                let awaited = waits(app, awaited_factors::of_flow(tx, &flow_hash).await?);
                if loser.signed.is_none() && awaited.is_none() {
                    return Ok(None);
                }
                if !lost::finish(app, tx, proof.visit(), (&user, &gone)).await? {
                    return Ok(None);
                }
                let completed = match (awaited, &loser.signed) {
                    (Some(awaited), _) => {
                        awaited_factors::consume(tx, &flow_hash, app.clock.now()).await?;
                        proof.start(app, tx, &user, &awaited.methods).await?
                    }
                    (None, Some(signed)) => proof.start_again(app, tx, &user, &signed.session).await?,
                    (None, None) => return Ok(None),
                };
                // Every session just ended: there is room.
                let Completed::Session(started) = completed else { return Ok(None) };
                let Started { session, cookie } = *started;
                Ok::<_, Internal>(Some((Signed { session, user }, cookie)))
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(done)
}

async fn prove_address(
    app: &App,
    visit: &Visit,
    waiting: &Waiting,
    application: &Application,
) -> Result<Response, PageError> {
    let paper = Paper::of_flow(app, visit, waiting, application).with_script();
    Ok(ask::page(app, &paper, waiting, (&application.name, StatusCode::OK), Asking::default()).await?)
}

/// Which way back.
#[derive(Debug, Default, Deserialize)]
pub struct Named {
    #[serde(default)]
    recovery: String,
}

/// Where the link in a notice leads. Opening it changes nothing (D09).
pub async fn show_stop(
    State(app): State<Arc<App>>,
    visit: Visit,
    named: Result<Query<Named>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    let recovery = named.map(|Query(named)| named.recovery).unwrap_or_default();
    let hash = lost::cancel_hash(&app, &recovery);
    if !factor_recoveries::can_cancel(&mut app.db.read().await?, &hash, app.clock.now()).await? {
        return Ok(said(&app, &visit, What::WayBackGone));
    }
    let csrf = stop_token(&app, &recovery).to_text();
    let paper = Paper::new(&app, &visit, "/signin/lost/stop", &csrf);
    let frame = Frame { language_path: None, ..paper.frame() };
    Ok(paper.print(StatusCode::OK, &StopWayBack { frame, recovery: &recovery }))
}

/// Stops it.
pub async fn stop(State(app): State<Arc<App>>, visit: Visit, request: Request) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    csrf::origin_check(visit.headers(), app.issuer.as_str())?;
    let fields = door::fields(request).await?;
    let recovery = fields.get("recovery").unwrap_or_default().to_owned();
    stop_token(&app, &recovery).verify(fields.get("csrf"))?;
    let what = if lost::stop(&app, &visit, &recovery).await? { What::WayBackStopped } else { What::WayBackGone };
    let mut response = said(&app, &visit, what);
    if what == What::WayBackStopped && visit.jar.get(session::COOKIE).is_some() {
        session::forget(&app).append_to(response.headers_mut());
    }
    Ok(response)
}

fn stop_token(app: &App, recovery: &str) -> Token {
    Token::from_mac(app.keyring.mac("csrf", &[b"stop-recovery", recovery.as_bytes()]))
}

fn said(app: &App, visit: &Visit, what: What) -> Response {
    let paper = Paper::new(app, visit, "/", "");
    let frame = Frame { language_path: None, ..paper.frame() };
    paper.print(StatusCode::OK, &Said { frame, what })
}

//! `POST /signin/second-step` and `POST /signin/recovery-code`: the second factor, typed in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{SecondStep, SecondStepError};
use polder_kernel::{Secret, Timestamp};
use polder_tenant_api::UserId;

use super::answer::{self, At};
use super::flow::Step;
use super::form::FlowForm;
use super::gate;
use super::page::Paper;
use super::session::{self, Signed};
use super::start::{Completed, Proof, Started};
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::factors::recovery::{self, Weighed};
use crate::factors::{Checked, totp};
use crate::guard::known;
use crate::model::Method;
use crate::store::awaited_factors::{self, Awaited, WaitsFor};
use crate::store::users;

/// A code of the authenticator app.
pub async fn app_code(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    gate::admit(&app, &form.visit).await?;
    let typed = form.field("code");
    let Some(code) = totp::digits(typed) else { return again(&app, &form, false, not_a_code(typed)) };
    let asked = asked(&app, &form).await?;
    let tried = prove(&app, &form, asked, Typed::AppCode(code)).await?;
    answer(&app, &form, false, tried).await
}

/// A recovery code.
pub async fn recovery_code(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    gate::admit(&app, &form.visit).await?;
    let typed = form.field("recovery");
    let Some(code) = recovery::normal(typed) else { return again(&app, &form, true, not_a_code(typed)) };
    let asked = asked(&app, &form).await?;
    let tried = match recovery::weigh(&app, asked.user_id(), code).await? {
        Ok(weighed) => prove(&app, &form, asked, Typed::Recovery(weighed)).await?,
        Err(checked) => Tried::Not(checked),
    };
    answer(&app, &form, true, tried).await
}

/// Who is asked for a second factor.
enum Asked {
    /// Whoever proved the first in this flow, and has no session before the second.
    First(UserId),
    /// Whoever is signed in with less than is asked for here.
    Signed(Box<Signed>),
}

impl Asked {
    fn user_id(&self) -> UserId {
        match self {
            Self::First(id) => *id,
            Self::Signed(signed) => signed.user.id,
        }
    }
}

/// Only the flow's own step asks anybody (B98).
async fn asked(app: &Arc<App>, form: &FlowForm) -> Result<Asked, PageError> {
    let hash = form.waiting.hash(app);
    let awaited = awaited_factors::of_flow(&mut app.db.read().await?, &hash).await?;
    if let Some(awaited) = waiting(awaited, app.clock.now()) {
        return Ok(Asked::First(awaited.user_id));
    }
    let at = At { request: &form.waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(app, &form.visit, at).await?;
    match (look.step, look.signed) {
        (Step::AskSecondFactor, Some(signed)) => Ok(Asked::Signed(Box::new(signed))),
        _ => Err(PageError::new(Kind::Expired)),
    }
}

fn waiting(awaited: Option<Awaited>, now: Timestamp) -> Option<Awaited> {
    awaited.filter(|awaited| awaited.waits(WaitsFor::Factor, now))
}

enum Typed {
    AppCode(String),
    Recovery(Weighed),
}

/// What a try came to. The last two are refusals that are committed.
enum Tried {
    Right {
        signed: Box<Signed>,
        cookie: Secret<String>,
    },
    /// It is right, and the person has as many sessions as they may.
    Waits,
    Not(Checked),
    Gone,
}

async fn prove(app: &Arc<App>, form: &FlowForm, asked: Asked, typed: Typed) -> Result<Tried, Internal> {
    let (unit, flow_hash) = (Arc::clone(app), form.waiting.hash(app));
    let proof = Proof::in_flow(app, &form.visit, &form.waiting);
    let tried = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let app = &unit;
                let user = users::by_id(tx, &app.keyring, asked.user_id()).await?;
                let Some(user) = user.filter(|user| user.disabled_at.is_none()) else { return Ok(Tried::Gone) };
                let awaited = waiting(awaited_factors::of_flow(tx, &flow_hash).await?, app.clock.now());
                if matches!(asked, Asked::First(_)) && awaited.is_none() {
                    return Ok(Tried::Gone);
                }
                let (checked, method) = match &typed {
                    Typed::AppCode(code) => {
                        (totp::check(app, tx, &user, proof.visit(), code).await?, Method::AuthenticatorApp)
                    }
                    Typed::Recovery(code) => {
                        (recovery::check(app, tx, &user, proof.visit(), code).await?, Method::RecoveryCode)
                    }
                };
                if checked != Checked::Right {
                    return Ok(Tried::Not(checked));
                }
                let completed = match (&asked, awaited) {
                    (Asked::Signed(signed), _) => match proof.rise(app, tx, signed, method).await? {
                        Some(started) => Completed::Session(Box::new(started)),
                        None => return Ok(Tried::Gone),
                    },
                    (Asked::First(_), Some(awaited)) => {
                        if !awaited_factors::consume(tx, &flow_hash, app.clock.now()).await? {
                            return Ok(Tried::Gone);
                        }
                        let methods: Vec<Method> = awaited.methods.into_iter().chain([method]).collect();
                        proof.start(app, tx, &user, &methods).await?
                    }
                    (Asked::First(_), None) => return Ok(Tried::Gone),
                };
                Ok::<_, Internal>(match completed {
                    Completed::Waits => Tried::Waits,
                    Completed::Session(started) => {
                        let Started { session, cookie } = *started;
                        Tried::Right { signed: Box::new(Signed { session, user }), cookie }
                    }
                })
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    Ok(tried)
}

async fn answer(app: &Arc<App>, form: &FlowForm, recovery: bool, tried: Tried) -> Result<Response, PageError> {
    match tried {
        Tried::Right { signed, cookie } => {
            let mut response = answer::proceed(app, &form.visit, &form.waiting, Some(&signed), false).await?;
            session::cookie(app, &cookie).append_to(response.headers_mut());
            known::remember(app, &form.visit.jar, &signed.user.email).append_to(response.headers_mut());
            Ok(response)
        }
        Tried::Waits => answer::proceed(app, &form.visit, &form.waiting, None, false).await,
        Tried::Not(Checked::Wait { retry_after }) => {
            let retry_after_seconds = retry_after.as_secs().max(1);
            again(app, form, recovery, SecondStepError::Wait { retry_after_seconds })
        }
        Tried::Not(_) => again(app, form, recovery, SecondStepError::Wrong),
        Tried::Gone => Err(PageError::new(Kind::Expired)),
    }
}

fn not_a_code(typed: &str) -> SecondStepError {
    if typed.trim().is_empty() { SecondStepError::Empty } else { SecondStepError::Malformed }
}

/// The form again, with what was wrong.
fn again(app: &App, form: &FlowForm, recovery: bool, error: SecondStepError) -> Result<Response, PageError> {
    let application = answer::application(app, &form.waiting.request)?;
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application);
    let page = SecondStep { frame: paper.frame(), application: Some(&application.name), recovery, error: Some(error) };
    Ok(match error {
        SecondStepError::Wait { retry_after_seconds } => paper.print_too_many(retry_after_seconds, &page),
        _ => paper.print(StatusCode::UNPROCESSABLE_ENTITY, &page),
    })
}

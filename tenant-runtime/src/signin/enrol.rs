//! Making what a sign-in needs, for somebody who has nothing that would do: a passkey, or an authenticator
//! app where that is enough. The person proved their address a moment ago; whoever holds a passkey or an
//! app is asked for that instead ([`demand::lack`](super::demand::lack)), so that a code by e-mail never
//! puts anything beside them (D13).
//!
//! | form | |
//! | --- | --- |
//! | `POST /signin/enrol/options`, `/signin/enrol/passkey` | a passkey, by script |
//! | `POST /signin/enrol/app` | shows the picture for an app |
//! | `POST /signin/enrol/app/confirm` | puts it in force by its first code, and shows recovery codes |

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_crypto::TotpSecret;
use polder_hosted_pages::account::SecondFactorError;
use polder_hosted_pages::tenant::{MakeFactor, SetUpApp, Signals, TakeCodes};
use polder_kernel::Secret;

use super::answer::{self, At};
use super::flow::Step;
use super::form::FlowForm;
use super::page::Paper;
use super::session::{self, Signed};
use super::start::{Proof, Started};
use super::visit::Visit;
use super::waiting::Waiting;
use crate::App;
use crate::account::form::is_fresh;
use crate::error::{Internal, Kind, PageError};
use crate::factors::recovery;
use crate::factors::totp::{self, Confirmed};
use crate::model::{Application, Assurance, Method};
use crate::oidc::json;
use crate::passkeys::{enrol, signals};

/// The page that says what is needed and offers it.
pub async fn show(
    app: &App,
    visit: &Visit,
    (waiting, application, signed): (&Waiting, &Application, &Signed),
    (step, failed): (Step, bool),
) -> Result<Response, PageError> {
    let told = signals::of(app, &mut app.db.read().await?, signed).await?;
    let paper = Paper::of_flow(app, visit, waiting, application).with_script();
    let page = MakeFactor {
        frame: paper.frame(),
        application: &application.name,
        app: step == Step::MakeFactor,
        signals: Signals { text: told.as_deref() },
        failed,
    };
    let status = if failed { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    Ok(paper.print(status, &page))
}

/// The same for somebody who is asked for a passkey they may not have any more, and may make another.
pub async fn show_another(app: &Arc<App>, visit: &Visit, waiting: &Waiting) -> Result<Response, PageError> {
    let Due { signed, application, step } = due(app, visit, waiting).await?;
    show(app, visit, (waiting, &application, &signed), (step, false)).await
}

/// Whether somebody who is asked for a passkey may make another instead: whoever proved two factors a
/// moment ago. A code by e-mail alone puts nothing beside a passkey (D13).
pub fn may_add(app: &App, signed: &Signed, waiting: &Waiting) -> bool {
    let here = signed.session.proved_in.as_deref() == Some(&waiting.hash(app));
    signed.session.assurance() == Assurance::TwoFactors && (here || is_fresh(app, &signed.session))
}

/// What to ask the browser for.
pub async fn options(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let Due { signed, .. } = due(&app, &form.visit, &form.waiting).await?;
    Ok(json::no_store(StatusCode::OK, &enrol::options(&app, &signed, false).await?))
}

/// Takes the new passkey. Making it was a proof of it: the session is worth as much as one with it.
pub async fn passkey(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let Due { signed, application, step } = due(&app, &form.visit, &form.waiting).await?;
    let passkey = match enrol::finish(&app, &form.visit, &signed, form.field("credential")).await? {
        Ok(passkey) => passkey,
        Err(refusal) => {
            tracing::info!(%refusal, "a new passkey was not taken");
            return show(&app, &form.visit, (&form.waiting, &application, &signed), (step, true)).await;
        }
    };
    let risen = rise(&app, &form, signed, passkey.method(app.clock.now())).await?;
    go_on(&app, &form, risen).await
}

/// Shows the picture for an app.
pub async fn app(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let due = due(&app, &form.visit, &form.waiting).await?.for_app()?;
    let secret = totp::begin(&app, &due.signed.user, due.signed.session.id).await?;
    Ok(picture(&app, &form, &due, (&secret, None)))
}

/// Puts the app in force and shows recovery codes, this once.
pub async fn confirm(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let due = due(&app, &form.visit, &form.waiting).await?.for_app()?;
    let who = (&due.signed.user, due.signed.session.id);
    let code = totp::digits(form.field("code"));
    let (shown, error) = match totp::confirm(&app, &form.visit, who, code).await? {
        Confirmed::InForce { .. } => return in_force(&app, &form, due).await,
        Confirmed::Wrong { shown } => (shown, SecondFactorError::Wrong),
        Confirmed::Wait { shown, retry_after } => {
            (shown, SecondFactorError::Wait { retry_after_seconds: retry_after.as_secs().max(1) })
        }
        Confirmed::Expired => (totp::begin(&app, who.0, who.1).await?, SecondFactorError::Expired),
    };
    Ok(picture(&app, &form, &due, (&shown, Some(error))))
}

/// Somebody this flow asks to make something.
struct Due {
    signed: Signed,
    application: Arc<Application>,
    step: Step,
}

impl Due {
    /// Where an app will do.
    fn for_app(self) -> Result<Self, PageError> {
        if self.step == Step::MakeFactor { Ok(self) } else { Err(PageError::new(Kind::Expired)) }
    }
}

/// Only the flow's own step allows it (B98), and only to who proved themselves a moment ago: a session
/// that lay around makes no new way in.
async fn due(app: &Arc<App>, visit: &Visit, waiting: &Waiting) -> Result<Due, PageError> {
    let hash = waiting.hash(app);
    let at = At { request: &waiting.request, flow_hash: Some(&hash), signed: None, confirmed: false };
    let look = answer::look(app, visit, at).await?;
    match (look.step, look.signed) {
        (Step::ProvePasskey, Some(signed)) if may_add(app, &signed, waiting) => {
            Ok(Due { signed, application: look.application, step: Step::MakePasskey })
        }
        (step @ (Step::MakePasskey | Step::MakeFactor), Some(signed)) => {
            Ok(Due { signed, application: look.application, step })
        }
        _ => Err(PageError::new(Kind::Expired)),
    }
}

/// A session that is worth more, and its cookie.
struct Risen {
    signed: Signed,
    cookie: Secret<String>,
}

async fn rise(app: &Arc<App>, form: &FlowForm, signed: Signed, method: Method) -> Result<Risen, PageError> {
    let (unit, proof) = (Arc::clone(app), Proof::in_flow(app, &form.visit, &form.waiting));
    let risen =
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    let started = proof.rise(&unit, tx, &signed, method).await?;
                    Ok::<_, Internal>(started.map(|Started { session, cookie }| Risen {
                        signed: Signed { session, user: signed.user },
                        cookie,
                    }))
                })
            })
            .await?;
    risen.ok_or_else(|| PageError::new(Kind::Expired))
}

async fn go_on(app: &Arc<App>, form: &FlowForm, risen: Risen) -> Result<Response, PageError> {
    let mut response = answer::proceed(app, &form.visit, &form.waiting, Some(&risen.signed), false).await?;
    session::cookie(app, &risen.cookie).append_to(response.headers_mut());
    Ok(response)
}

async fn in_force(app: &Arc<App>, form: &FlowForm, due: Due) -> Result<Response, PageError> {
    let Due { signed, application, .. } = due;
    let risen = rise(app, form, signed, Method::AuthenticatorApp).await?;
    let who = (&risen.signed.user, risen.signed.session.id);
    let Some(codes) = recovery::make(app, &form.visit, who).await? else { return go_on(app, form, risen).await };
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application);
    let page = TakeCodes { frame: paper.frame(), codes: &codes };
    let mut response = paper.print(StatusCode::OK, &page);
    session::cookie(app, &risen.cookie).append_to(response.headers_mut());
    Ok(response)
}

fn picture(
    app: &App,
    form: &FlowForm,
    due: &Due,
    (secret, error): (&TotpSecret, Option<SecondFactorError>),
) -> Response {
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &due.application);
    let uri = totp::uri(&app.tenant.current().name, &due.signed.user, secret);
    let by_hand = secret.to_base32();
    let page = SetUpApp { frame: paper.frame(), uri: &uri, secret: by_hand.expose(), error };
    match error {
        None => paper.print(StatusCode::OK, &page),
        Some(SecondFactorError::Wait { retry_after_seconds }) => paper.print_too_many(retry_after_seconds, &page),
        Some(_) => paper.print(StatusCode::UNPROCESSABLE_ENTITY, &page),
    }
}

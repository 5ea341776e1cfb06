//! `GET` and `POST /signin/callback/{connection}`: back from an outside provider.
//!
//! Every connection has an address of its own here, so that an answer of one provider is never taken for
//! another's (B36, B49). The answer counts if this browser began it: its state opens a cookie that names
//! the connection and the flow (B38, B50).

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::{IntoResponse, Redirect, Response};
use polder_audit::{Actor, Event};
use polder_protocol::Params;
use polder_service::form::{BodyError, FormBody};
use polder_tenant_api::connections::ResponseMode;
use serde_json::json;

use super::federated::{self, Entered};
use super::form::lost;
use super::visit::Visit;
use super::waiting::Waiting;
use super::{answer, session, with};
use crate::account::connections as account;
use crate::connections::answer::Answer;
use crate::connections::attempt::{Attempt, Purpose};
use crate::connections::{Problem, redeem};
use crate::error::{Internal, Kind, PageError};
use crate::model::Connection;
use crate::{App, limits, usage};

/// What the redirect to ourselves adds: the answer is in a cookie.
const CARRIED: &str = "said";

/// The answer in the address, or in the cookie that [`post`] put it into.
pub async fn get(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    let connection = app.connections.enabled(&id).ok_or_else(|| PageError::new(Kind::NotFound))?;
    let params = Params::read(query.as_deref().unwrap_or_default().as_bytes());
    let carried = params.get(CARRIED).is_some();
    let answer = if carried { Answer::carried(&app, &visit.jar) } else { Answer::read(&params) };
    let answer = answer.ok_or_else(|| if carried { lost(&visit) } else { PageError::new(Kind::BadRequest) })?;
    let attempt = Attempt::find(&app, &visit.jar, &answer.state).ok_or_else(|| lost(&visit))?;
    if attempt.connection != connection.id {
        return Err(PageError::new(Kind::Refused).detail("the answer came for another connection"));
    }
    if answer.posted != (connection.response_mode() == ResponseMode::FormPost) {
        return Err(PageError::new(Kind::Refused).detail("the answer came in another way than was asked for"));
    }
    let mut response = match &attempt.purpose {
        Purpose::SignIn { flow, flow_hash } => {
            let waiting = Waiting::find(&app, &visit.jar, flow).await?;
            let waiting = waiting.filter(|waiting| waiting.hash(&app) == *flow_hash).ok_or_else(|| lost(&visit))?;
            sign_in(&app, &visit, &waiting, (&connection, &attempt, &answer)).await?
        }
        Purpose::Connect { session } => {
            account::connected(&app, &visit, *session, (&connection, &attempt, &answer)).await?
        }
    };
    attempt.forget(&app).append_to(response.headers_mut());
    if carried {
        Answer::put_down(&app).append_to(response.headers_mut());
    }
    Ok(response)
}

/// The answer as a form from the provider's site, which brings none of our cookies (E02).
pub async fn post(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    body: Result<FormBody, BodyError>,
) -> Result<Response, PageError> {
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    let connection = app.connections.enabled(&id).ok_or_else(|| PageError::new(Kind::NotFound))?;
    if connection.response_mode() != ResponseMode::FormPost {
        return Err(PageError::new(Kind::MethodNotAllowed));
    }
    let answer = Answer::read(&Params::read(&body?.0)).ok_or_else(|| PageError::new(Kind::BadRequest))?;
    let cookie = answer.carry(&app)?.ok_or_else(|| PageError::new(Kind::TooLarge))?;
    let mut response = Redirect::to(&format!("{}?{CARRIED}=1", connection.callback_path())).into_response();
    cookie.append_to(response.headers_mut());
    Ok(response)
}

async fn sign_in(
    app: &Arc<App>,
    visit: &Visit,
    waiting: &Waiting,
    (connection, attempt, answer): (&Arc<Connection>, &Attempt, &Answer),
) -> Result<Response, PageError> {
    let vouched = match redeem::redeem(app, connection, attempt, answer).await {
        Ok(vouched) => vouched,
        Err(problem) => {
            // That somebody would rather not is no failure, and anybody can say it as often as they like.
            if !matches!(problem, Problem::Refused) {
                record_failure(app, visit, waiting, (connection, &problem)).await?;
            }
            return with::troubled(app, visit, waiting, (connection, &problem)).await;
        }
    };
    match federated::enter(app, visit, waiting, (connection, attempt, vouched)).await? {
        Entered::SignedIn { signed, cookie } => {
            let mut response = answer::proceed(app, visit, waiting, Some(&signed), false).await?;
            session::cookie(app, &cookie).append_to(response.headers_mut());
            Ok(response)
        }
        Entered::NotYet => answer::proceed(app, visit, waiting, None, false).await,
        Entered::Waits => Ok(Redirect::to(&waiting.path()).into_response()),
        Entered::Replayed => Err(PageError::new(Kind::Expired)),
        Entered::Stopped => {
            let problem = Problem::Untrusted("signing in is stopped for the person");
            with::troubled(app, visit, waiting, (connection, &problem)).await
        }
        Entered::Full => {
            let problem = Problem::Unusable("too many accounts wait to be connected");
            with::troubled(app, visit, waiting, (connection, &problem)).await
        }
        Entered::SwitchedOff => {
            let problem = Problem::Unusable("the connection was switched off meanwhile");
            with::troubled(app, visit, waiting, (connection, &problem)).await
        }
    }
}

/// A failed sign-in is an event: whoever watches the log sees a provider that is attacked, or attacks.
async fn record_failure(
    app: &Arc<App>,
    visit: &Visit,
    waiting: &Waiting,
    (connection, problem): (&Connection, &Problem),
) -> Result<(), Internal> {
    let details = json!({ "factor": "connection", "connection": connection.id, "why": problem.to_string() });
    let event = Event::new("sign_in.failed", Actor::anonymous())
        .application(&waiting.request.client_id)
        .request(visit.context.request_id)
        .details(details);
    let now = app.clock.now();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                usage::connection_failed(tx, now).await?;
                polder_audit::record(tx, event);
                Ok::<_, Internal>(())
            })
        })
        .await
}

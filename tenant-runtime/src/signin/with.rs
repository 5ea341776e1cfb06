//! `GET /signin/with/{connection}`: to an outside provider.
//!
//! A link and not a form, since Chromium holds a form to its page's `form-action` along the whole chain of
//! redirects, and where a provider's sign-in begins is not known before it was asked. It changes nothing
//! but this browser's own cookies, and works for a flow that this browser holds.

use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::tenant::ProviderTrouble;

use super::ask::{self, Asking};
use super::form::lost;
use super::own_page;
use super::page::Paper;
use super::show::Which;
use super::visit::Visit;
use super::waiting::Waiting;
use crate::connections::Problem;
use crate::connections::attempt::Attempt;
use crate::connections::begin::{self, Wish};
use crate::error::{Kind, PageError};
use crate::model::Connection;
use crate::{App, limits};

/// Sends the browser there.
pub async fn begin(
    State(app): State<Arc<App>>,
    visit: Visit,
    Path(id): Path<String>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Response, PageError> {
    let Ok(Query(which)) = which else { return Err(PageError::new(Kind::BadRequest)) };
    app.limits.check(limits::SIGN_IN, visit.context.client_ip)?;
    same_site(&visit)?;
    let waiting = Waiting::find(&app, &visit.jar, which.flow()).await?.ok_or_else(|| lost(&visit))?;
    let connection = app.connections.enabled(&id).filter(|it| ask::is_offered(it, &waiting.request));
    let connection = connection.ok_or_else(|| PageError::new(Kind::NotFound))?;
    let attempt = Attempt::to_sign_in(&app, connection.id, &waiting);
    let request = &waiting.request;
    let wish = Wish { again: request.prompt.login || request.max_age.is_some(), choose: request.prompt.select_account };
    let url = match begin::address(&app, &connection, &attempt, wish).await {
        Ok(url) => url,
        Err(problem) => return troubled(&app, &visit, &waiting, (&connection, &problem)).await,
    };
    let mut response = Redirect::to(url.as_str()).into_response();
    for cookie in attempt.keep(&app, &visit.jar)? {
        cookie.append_to(response.headers_mut());
    }
    Ok(response)
}

/// No other site starts a sign-in here: the link stands on our own page.
pub fn same_site(visit: &Visit) -> Result<(), PageError> {
    let site = visit.headers().get("sec-fetch-site").and_then(|site| site.to_str().ok());
    match site {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(PageError::new(Kind::Refused).detail("another site wants to begin a sign-in")),
    }
}

/// The sign-in page again, with why the provider signed nobody in.
pub async fn troubled(
    app: &App,
    visit: &Visit,
    waiting: &Waiting,
    (connection, problem): (&Connection, &Problem),
) -> Result<Response, PageError> {
    log(connection, problem);
    let application = own_page::application(app, &waiting.request.client_id);
    let application = application.ok_or_else(|| PageError::new(Kind::UnknownApplication))?;
    let paper = Paper::of_flow(app, visit, waiting, &application).with_script();
    let (status, trouble) = trouble(&connection.name, problem);
    let asking = Asking { trouble: Some(trouble), ..Asking::default() };
    Ok(ask::page(app, &paper, waiting, (&application.name, status), asking).await?)
}

/// What the person is told of a problem.
pub fn trouble<'a>(provider: &'a str, problem: &Problem) -> (StatusCode, ProviderTrouble<'a>) {
    match problem {
        Problem::Refused => (StatusCode::OK, ProviderTrouble::Cancelled { provider }),
        Problem::Untrusted(_) => (StatusCode::FORBIDDEN, ProviderTrouble::Failed { provider }),
        Problem::Unusable(_) | Problem::Setup(_) => {
            (StatusCode::BAD_GATEWAY, ProviderTrouble::Unavailable { provider })
        }
    }
}

/// Says to operators what went wrong; what is set up wrongly, loudly.
pub fn log(connection: &Connection, problem: &Problem) {
    let id = connection.id;
    match problem {
        Problem::Refused => {}
        Problem::Setup(_) => tracing::error!(connection = %id, %problem, "a connection does not work"),
        Problem::Untrusted(_) | Problem::Unusable(_) => {
            tracing::warn!(connection = %id, %problem, "a provider signed nobody in");
        }
    }
}

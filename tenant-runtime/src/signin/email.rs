//! `POST /signin/email`: the address a code shall go to.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::tenant::EmailError;
use polder_kernel::Email;
use polder_tenant_api::AttemptOutcome;

use super::answer;
use super::ask::{self, Asking};
use super::form::FlowForm;
use super::gate::{self, Asks};
use super::page::Paper;
use super::send::{Halt, Sent, send};
use crate::App;
use crate::error::{Internal, Kind, PageError};
use crate::guard::budget::Full;
use crate::guard::pace::in_step;
use crate::guard::{attempts, lockout, tells};

/// The longest address that is shown again, in characters: longer ones are not addresses.
const LONGEST_SHOWN: usize = 254;

/// Sends a code and shows the form for it: the same for every address, whoever it belongs to (D10).
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let typed = form.field("email").trim();
    let Ok(email) = typed.parse::<Email>() else {
        let error = if typed.is_empty() { EmailError::Empty } else { EmailError::Invalid };
        return again(&app, &form, error).await;
    };
    let asks = (Asks::First, &email);
    let brought = match gate::read(&app, &form, asks).await? {
        Ok(brought) => brought,
        Err(page) => return Ok(page),
    };
    let sent = in_step(async {
        match send(&app, &form.visit, &form.waiting, (email.clone(), brought)).await {
            Err(Halt::Full(full)) => Err(Halt::Full(noted(&app, &form, &email, full).await?)),
            other => other,
        }
    });
    match sent.await {
        // Asked for twice: the code that is under way still works.
        Ok(Sent::UnderWay | Sent::TooSoon { .. }) => Ok(Redirect::to(&form.waiting.path()).into_response()),
        Ok(Sent::Finished) => Err(PageError::new(Kind::Expired)),
        Err(Halt::Prove { level }) => gate::ask(&app, &form, asks, level).await,
        Err(Halt::Full(full)) => {
            let retry_after_seconds = full.retry_after.as_secs().max(1);
            again(&app, &form, EmailError::TooMany { retry_after_seconds }).await
        }
        Err(Halt::Failed(error)) => Err(error.into()),
    }
}

/// Notes that somebody has to wait: the lockout for the administrator, the refusal for the log.
pub async fn noted(app: &Arc<App>, form: &FlowForm, email: &Email, full: Full) -> Result<Full, Internal> {
    lockout::note_codes(app, &form.visit, email, &full).await?;
    attempts::note_refusal(app, AttemptOutcome::TooMany, &form.visit.context).await?;
    Ok(full)
}

/// The form again, with what was wrong.
pub async fn again(app: &App, form: &FlowForm, error: EmailError) -> Result<Response, PageError> {
    let application = answer::application(app, &form.waiting.request)?;
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application).with_script();
    let typed: String = form.field("email").chars().take(LONGEST_SHOWN).collect();
    let shown = tells::shown_again(app, &form.waiting, form.field(tells::SHOWN));
    let asking = Asking { email: &typed, error: Some(error), shown: Some(&shown), ..Asking::default() };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(ask::page(app, &paper, &form.waiting, (&application.name, status), asking).await?)
}

//! `POST /signin/email`: the address a code shall go to.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use polder_hosted_pages::tenant::EmailError;
use polder_kernel::Email;

use super::answer;
use super::ask::{self, Asking};
use super::form::FlowForm;
use super::page::Paper;
use super::send::{Halt, Sent, send};
use crate::App;
use crate::error::{Kind, PageError};
use crate::guard::pace::in_step;

/// The longest address that is shown again, in characters: longer ones are not addresses.
const LONGEST_SHOWN: usize = 254;

/// Sends a code and shows the form for it: the same for every address, whoever it belongs to (D10).
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let typed = form.field("email").trim();
    let Ok(email) = typed.parse::<Email>() else {
        let error = if typed.is_empty() { EmailError::Empty } else { EmailError::Invalid };
        return again(&app, &form, error).await;
    };
    match in_step(send(&app, &form.visit, &form.waiting, email)).await {
        // Asked for twice: the code that is under way still works.
        Ok(Sent::UnderWay | Sent::TooSoon { .. }) => Ok(Redirect::to(&form.waiting.path()).into_response()),
        Ok(Sent::Finished) => Err(PageError::new(Kind::Expired)),
        Err(Halt::Full { retry_after }) => {
            let retry_after_seconds = retry_after.as_secs().max(1);
            again(&app, &form, EmailError::TooMany { retry_after_seconds }).await
        }
        Err(Halt::Failed(error)) => Err(error.into()),
    }
}

/// The form again, with what was wrong.
pub async fn again(app: &App, form: &FlowForm, error: EmailError) -> Result<Response, PageError> {
    let application = answer::application(app, &form.waiting.request)?;
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application).with_script();
    let typed: String = form.field("email").chars().take(LONGEST_SHOWN).collect();
    let asking = Asking { email: &typed, error: Some(error), ..Asking::default() };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    Ok(ask::page(app, &paper, &form.waiting, (&application.name, status), asking).await?)
}

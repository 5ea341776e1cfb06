//! `POST /signin/code`: the code from the mail, typed in.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use polder_hosted_pages::tenant::{CodeError, SignInCode};

use super::answer;
use super::form::FlowForm;
use super::gate;
use super::mail::MINUTES;
use super::page::Paper;
use super::proof::{self, Tried};
use super::{send, session};
use crate::App;
use crate::error::{Kind, PageError};
use crate::guard::known;
use crate::guard::pace::in_step_where;
use crate::store::one_time_codes;

/// How many digits a code has.
const DIGITS: usize = 8;

/// Tries the code. The right one goes on with a new session cookie; all else shows the form again.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    gate::admit(&app, &form.visit).await?;
    let code = match digits(form.field("code")) {
        Ok(code) => code,
        Err(error) => return again(&app, &form, error).await,
    };
    // A failed try does a little more where the address has an account, for the log.
    let failed = |tried: &Result<Tried, _>| !matches!(tried, Ok(Tried::Right { .. } | Tried::Waits));
    let tried = in_step_where(proof::prove(&app, &form.visit, &form.waiting, &code), failed).await;
    let error = match tried? {
        Tried::Right { signed, cookie } => {
            let mut response = answer::proceed(&app, &form.visit, &form.waiting, Some(&signed), false).await?;
            session::cookie(&app, &cookie).append_to(response.headers_mut());
            known::remember(&app, &form.visit.jar, &signed.user.email).append_to(response.headers_mut());
            return Ok(response);
        }
        Tried::Waits => return answer::proceed(&app, &form.visit, &form.waiting, None, false).await,
        Tried::Wrong { tries_left } => CodeError::Wrong { tries_left },
        Tried::NoTriesLeft => CodeError::NoTriesLeft,
        Tried::Expired => CodeError::Expired,
        // A step was skipped (B98).
        Tried::NotAsked => return Err(PageError::new(Kind::Expired)),
    };
    again(&app, &form, error).await
}

/// Eight digits, with the spaces and hyphens people put between them left out. What cannot be a code
/// spends no try.
pub fn digits(typed: &str) -> Result<String, CodeError> {
    let code: String = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if code.is_empty() {
        return Err(CodeError::Empty);
    }
    let fits = code.len() == DIGITS && code.bytes().all(|b| b.is_ascii_digit());
    if fits { Ok(code) } else { Err(CodeError::Malformed) }
}

/// The form again, with what was wrong.
pub async fn again(app: &App, form: &FlowForm, error: CodeError) -> Result<Response, PageError> {
    let application = answer::application(app, &form.waiting.request)?;
    let hash = form.waiting.hash(app);
    let stored = one_time_codes::of_flow(&mut app.db.read().await?, &hash).await?;
    let stored = stored.ok_or_else(|| PageError::new(Kind::Expired))?;
    let address = send::address(app, &hash, &stored)?;
    let paper = Paper::of_flow(app, &form.visit, &form.waiting, &application);
    let page = SignInCode {
        frame: paper.frame(),
        application: Some(&application.name),
        masked_address: address.as_str(),
        minutes: MINUTES,
        resend_after_seconds: stored.resend_after.since(app.clock.now()).as_secs(),
        resent: false,
        error: Some(error),
    };
    Ok(match error {
        CodeError::TooSoon { retry_after_seconds } => paper.print_too_many(retry_after_seconds, &page),
        _ => paper.print(StatusCode::UNPROCESSABLE_ENTITY, &page),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d01_leading_zeros_are_kept_and_spaces_forgiven() {
        assert_eq!(digits("00000123").as_deref(), Ok("00000123"));
        assert_eq!(digits(" 0000 0123 ").as_deref(), Ok("00000123"));
        assert_eq!(digits("0000-0123").as_deref(), Ok("00000123"));
    }

    #[test]
    fn what_cannot_be_a_code_is_not_tried() {
        assert_eq!(digits("  "), Err(CodeError::Empty));
        for typed in ["123", "123456789", "1234567a", "１２３４５６７８", "12345678'--"] {
            assert_eq!(digits(typed), Err(CodeError::Malformed), "{typed}");
        }
    }
}

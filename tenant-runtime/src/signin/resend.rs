//! `POST /signin/resend`: another code for the same address. The one before stops working (D06).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::tenant::CodeError;

use super::code;
use super::form::FlowForm;
use super::send::{self, Halt, Sent};
use crate::App;
use crate::error::{Kind, PageError};
use crate::guard::pace::in_step;
use crate::store::one_time_codes;

/// Sends another code, if the cool-down is over.
pub async fn submit(State(app): State<Arc<App>>, form: FlowForm) -> Result<Response, PageError> {
    let hash = form.waiting.hash(&app);
    let stored = one_time_codes::of_flow(&mut app.db.read().await?, &hash).await?;
    let stored = stored.ok_or_else(|| PageError::new(Kind::Expired))?;
    let email = send::address(&app, &hash, &stored)?;
    match in_step(send::send(&app, &form.visit, &form.waiting, email)).await {
        Ok(Sent::UnderWay) => Ok(Redirect::to(&form.waiting.path()).into_response()),
        Ok(Sent::Finished) => Err(PageError::new(Kind::Expired)),
        Ok(Sent::TooSoon { retry_after }) | Err(Halt::Full { retry_after }) => {
            code::again(&app, &form, CodeError::TooSoon { retry_after_seconds: whole_seconds(retry_after) }).await
        }
        Err(Halt::Failed(error)) => Err(error.into()),
    }
}

/// Rounded up, so that whoever waits as told is not refused again.
fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

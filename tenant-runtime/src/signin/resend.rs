//! `POST /signin/resend`: another code for the same address. The one before stops working (D06).

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use polder_hosted_pages::tenant::CodeError;

use super::code;
use super::email::noted;
use super::form::FlowForm;
use super::gate::{self, Asks};
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
    let asks = (Asks::Again, &email);
    let brought = match gate::read(&app, &form, asks).await? {
        Ok(brought) => brought,
        Err(page) => return Ok(page),
    };
    let sent = in_step(async {
        match send::send(&app, &form.visit, &form.waiting, (email.clone(), brought)).await {
            Err(Halt::Full(full)) => Err(Halt::Full(noted(&app, &form, &email, full).await?)),
            other => other,
        }
    });
    let retry_after = match sent.await {
        Ok(Sent::UnderWay) => return Ok(Redirect::to(&form.waiting.path()).into_response()),
        Ok(Sent::Finished) => return Err(PageError::new(Kind::Expired)),
        Ok(Sent::TooSoon { retry_after }) => retry_after,
        Err(Halt::Prove { level }) => return gate::ask(&app, &form, asks, level).await,
        Err(Halt::Full(full)) => full.retry_after,
        Err(Halt::Failed(error)) => return Err(error.into()),
    };
    code::again(&app, &form, CodeError::TooSoon { retry_after_seconds: whole_seconds(retry_after) }).await
}

/// Rounded up, so that whoever waits as told is not refused again.
pub fn whole_seconds(wait: Duration) -> u64 {
    (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1)
}

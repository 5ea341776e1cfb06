//! One attempt to tell one application, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use polder_kernel::encoding::base64url;
use polder_outbound::EgressError;
use polder_outbound::egress::Limits;
use polder_outbound::resolve::Unresolved;
use url::form_urlencoded;

use super::token::token;
use crate::App;
use crate::error::Internal;
use crate::store::logout_deliveries::{self, Attempt, Due};

/// How long an application may take. What it answers is not read; a little of it is drained.
const LIMITS: Limits = Limits { time: Duration::from_secs(5), bytes: 64 * 1024 };

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// What became of an attempt.
enum Outcome {
    Delivered,
    Failed(&'static str),
}

/// Tells the application, and notes how that went: it is delivered, will be tried again, or has failed for a
/// day and is given up.
///
/// # Errors
/// When the database fails; it is then still due.
pub async fn deliver(app: &Arc<App>, due: Due) -> Result<(), Internal> {
    let jti = base64url(&app.entropy.bytes::<16>());
    let (outcome, answered) = attempt(app, &due, &jti).await?;
    let now = app.clock.now();
    let attempt = Attempt { id: due.id, at: now, jti, answered: answered.map(|status| i64::from(status.as_u16())) };
    let next = now + pause(due.attempts);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                match outcome {
                    Outcome::Delivered => logout_deliveries::delivered(tx, &attempt).await?,
                    Outcome::Failed(why) if next < due.give_up_at => {
                        tracing::info!(delivery = %attempt.id, why, "an application could not be told, it will be tried again");
                        logout_deliveries::retry(tx, &attempt, why, next).await?;
                    }
                    Outcome::Failed(why) => {
                        tracing::warn!(delivery = %attempt.id, why, "an application was never told that a session ended");
                        logout_deliveries::give_up(tx, &attempt, why).await?;
                    }
                }
                Ok::<_, Internal>(())
            })
        })
        .await
}

async fn attempt(app: &App, due: &Due, jti: &str) -> Result<(Outcome, Option<StatusCode>), Internal> {
    let application = app.applications.find(&due.application_id.to_string());
    let uri = application.as_ref().and_then(|application| application.preferences.backchannel_logout_uri.as_deref());
    let (Some(application), Some(uri)) = (&application, uri) else {
        return Ok((Outcome::Failed("the application names no address for it any more"), None));
    };
    let token = token(app, application, due, jti).await?;
    let body = form_urlencoded::Serializer::new(String::new()).append_pair("logout_token", &token).finish();
    match app.outbound.post(uri, ("application/x-www-form-urlencoded", body), LIMITS).await {
        // 200, or 204 where the framework has it so (2.8).
        Ok(answer) if answer.status().is_success() => Ok((Outcome::Delivered, Some(answer.status()))),
        Ok(answer) if answer.status().is_redirection() => {
            Ok((Outcome::Failed("it answered with a redirect, which is not followed"), Some(answer.status())))
        }
        Ok(answer) => Ok((Outcome::Failed("it answered that it could not"), Some(answer.status()))),
        Err(error) => Ok((Outcome::Failed(why(&error)), None)),
    }
}

/// What the tenant's administrator reads: nothing of the application's own words is in it.
fn why(error: &EgressError) -> &'static str {
    match error {
        EgressError::Address => "its address is not one that may be reached",
        EgressError::NoWay(_) => "there is no way out at the moment",
        EgressError::Closed(StatusCode::FORBIDDEN) => "its host is not on the list of hosts that may be reached",
        EgressError::Closed(_) => "the way out could not reach it",
        EgressError::Unresolved(Unresolved::Refused(_)) => "its name leads to an address that may not be reached",
        EgressError::Unresolved(_) => "its name leads nowhere",
        EgressError::Unreachable(_) => "nobody answers at its address",
        EgressError::Tls(_) => "no encrypted connection to it could be made",
        EgressError::TimedOut => "it took longer than five seconds",
        EgressError::TooLarge => "its answer is too large",
        EgressError::Broken(_) | EgressError::Malformed(_) => "the exchange broke",
    }
}

/// One second, four, sixteen … one hour.
fn pause(attempts: i64) -> Duration {
    let fours = u32::try_from(attempts).unwrap_or(0).min(6);
    Duration::from_secs(4_u64.pow(fours)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a51_pauses_grow_to_an_hour() {
        assert_eq!([0, 1, 2, 5, 6, 60].map(|n| pause(n).as_secs()), [1, 4, 16, 1024, 3600, 3600]);
    }
}

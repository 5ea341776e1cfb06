//! What applications were refused, for whoever develops them: the newest few of each, alike ones counted in one row.
//!
//! Strangers can cause refusals in the name of any application, so nothing is written while they ask: it is counted in
//! memory, so many kinds per application, and written down every few seconds. What is kept holds no token, no code and
//! nothing about a person: of what was sent, only a redirect URI without its query and with nothing that looks like
//! somebody's in its path.

mod sent;
mod told;

pub use told::{kind, list};

use std::collections::HashMap;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use polder_kernel::Timestamp;
use polder_protocol::{Error, ErrorCode, Params};
use polder_tenant_api::{ApplicationId, RefusedAt};

use crate::App;
use crate::error::{Internal, OAuthError};
use crate::model::Application;
use crate::store::application_errors::{self, Counted};

/// The most kinds of refusals that are remembered between two writes, of all applications and of one.
const MOST: usize = 400;
/// See [`MOST`].
const MOST_OF_ONE: usize = 20;
/// The longest reason that is kept, in characters. They are ours, and shorter.
const LONGEST: usize = 200;

/// What happened since it was last written down.
#[derive(Debug, Default)]
pub struct Refusals(Mutex<HashMap<Refusal, Times>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Refusal {
    application_id: ApplicationId,
    at: RefusedAt,
    code: ErrorCode,
    reason: String,
    sent: Option<String>,
}

#[derive(Clone, Copy, Debug)]
struct Times {
    times: i64,
    first_at: Timestamp,
    last_at: Timestamp,
}

impl Refusals {
    fn count(&self, refusal: Refusal, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(times) = all.get_mut(&refusal) {
            (times.times, times.last_at) = (times.times + 1, now);
            return;
        }
        let of_one = all.keys().filter(|known| known.application_id == refusal.application_id).count();
        if all.len() < MOST && of_one < MOST_OF_ONE {
            all.insert(refusal, Times { times: 1, first_at: now, last_at: now });
        }
    }

    fn take(&self) -> HashMap<Refusal, Times> {
        mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Counts a refusal of a request that named this application, if it is one of ours and its developer can do something
/// about it.
pub fn note(app: &App, at: RefusedAt, client_id: &str, error: &Error, params: &Params) {
    let Some(application) = app.applications.find(client_id) else { return };
    let now = app.clock.now();
    if !application.is_enabled() {
        let error = Error::new(ErrorCode::InvalidClient, "the application is switched off");
        return app.refusals.count(refusal(&application, at, &error, params), now);
    }
    if is_of_interest(error.code) {
        app.refusals.count(refusal(&application, at, error, params), now);
    }
}

/// Counts a refusal of an application that is known, by its own proof or its name.
pub fn of_client(app: &App, at: RefusedAt, application: &Application, refused: &OAuthError, params: &Params) {
    if let Some(error) = refused.refusal() {
        note(app, at, &application.client.id, error, params);
    }
}

fn refusal(application: &Application, at: RefusedAt, error: &Error, params: &Params) -> Refusal {
    let reason = error.detail.as_deref().unwrap_or(&error.description);
    let about_redirect = error.description.contains("redirect_uri");
    Refusal {
        application_id: application.id,
        at,
        code: error.code,
        reason: reason.chars().take(LONGEST).collect(),
        sent: about_redirect.then(|| params.get("redirect_uri")).flatten().map(sent::shown),
    }
}

/// Whether it says something about how the application is made. That somebody is not signed in does not, nor that a
/// device waits, nor that we failed.
const fn is_of_interest(code: ErrorCode) -> bool {
    !matches!(
        code,
        ErrorCode::LoginRequired
            | ErrorCode::InteractionRequired
            | ErrorCode::ConsentRequired
            | ErrorCode::AccountSelectionRequired
            | ErrorCode::AuthorizationPending
            | ErrorCode::SlowDown
            | ErrorCode::UseDpopNonce
            | ErrorCode::ServerError
            | ErrorCode::TemporarilyUnavailable
    )
}

/// Writes down what was counted.
///
/// # Errors
/// When the database fails; what was counted is then lost, which a list of hints can bear.
pub async fn flush(app: &Arc<App>) -> Result<(), Internal> {
    let counted = app.refusals.take();
    if counted.is_empty() {
        return Ok(());
    }
    let rows: Vec<Counted> = counted
        .into_iter()
        .map(|(refusal, times)| {
            let sent = refusal.sent.as_deref().unwrap_or_default();
            // No part but the last can hold a NUL.
            let (code, at) = (refusal.code.as_str(), refusal.at.as_str());
            let whole = format!("{}\0{at}\0{code}\0{}\0{sent}", refusal.application_id, refusal.reason);
            Counted {
                key: app.keyring.index("application-error", whole.as_bytes()),
                application_id: refusal.application_id,
                at: refusal.at,
                code,
                reason: refusal.reason,
                sent: refusal.sent,
                times: times.times,
                first_at: times.first_at,
                last_at: times.last_at,
            }
        })
        .collect();
    app.db.write(move |tx| Box::pin(async move { Ok(application_errors::add(tx, &rows).await?) })).await
}

//! `/settings`: the tenant's own choices.

use std::sync::Arc;

use axum::extract::State;
use polder_kernel::Email;
use polder_service::json::Json;
use polder_tenant_api::policies::{LONGEST_RECOVERY_WAIT_HOURS, SESSION_ABSOLUTE_SECONDS, SHORTEST_SESSION_SECONDS};
use polder_tenant_api::{PasskeyId, Settings, SettingsChanges, SignUp};

use super::{Caller, input, to_the_end};
use crate::App;
use crate::account::name;
use crate::error::{Internal, ProblemError};
use crate::signin::session::Lifetimes;
use crate::store::{sessions, settings};

/// The most domains that may sign up.
const MOST_DOMAINS: usize = 100;

/// The most applications that may register themselves: all applications are in memory.
const MOST_REGISTERED: u32 = 1_000;

/// A limit on a person's sessions beyond which it would limit nothing.
const MOST_SESSIONS: u32 = 1_000;

/// `GET /settings`.
pub async fn show(State(app): State<Arc<App>>, _: Caller) -> Json<Settings> {
    Json(Settings::clone(&app.tenant.current()))
}

/// `PATCH /settings`. A shorter time for sessions counts for those that are there, in the same unit.
pub async fn change(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(changes): Json<SettingsChanges>,
) -> Result<Json<Settings>, ProblemError> {
    let changes = checked(changes)?;
    to_the_end(async move {
        let now = app.clock.now();
        app.db
            .write(move |tx| {
                Box::pin(async move {
                    for (name, value) in settings::written(&changes) {
                        settings::put(tx, name, &value, now).await?;
                    }
                    // As they are with the changes: another call may have changed the rest.
                    let chosen = settings::choices(&settings::all(tx).await?);
                    fit(&chosen)?;
                    if changes.session_idle_seconds.is_some() || changes.session_absolute_seconds.is_some() {
                        let Lifetimes { idle, absolute } = Lifetimes::of(&chosen);
                        sessions::shorten(tx, idle, absolute).await?;
                    }
                    let details = serde_json::to_value(&changes).map_err(Internal::from)?;
                    polder_audit::record(tx, caller.event("settings.changed").details(details));
                    Ok::<_, ProblemError>(())
                })
            })
            .await?;
        Ok(Json(Settings::clone(&*app.tenant.refresh(&app.db).await?)))
    })
    .await
}

/// What can be judged of changes by themselves.
fn checked(mut changes: SettingsChanges) -> Result<SettingsChanges, ProblemError> {
    if let Some(text) = &changes.name {
        let name = name::checked(text).map_err(|_| input::invalid("name is empty, too long or not plain text"))?;
        changes.name = Some(name);
    }
    if changes.passkey_models.iter().flatten().any(|model| !is_aaguid(model)) {
        return Err(input::invalid("passkey_models are AAGUIDs such as ee882879-721c-4913-9775-3dfcce97072a"));
    }
    if changes.session_limit.is_some_and(|limit| limit > MOST_SESSIONS) {
        return Err(input::invalid("session_limit is 1000 at most, or 0 for no limit"));
    }
    if let Some(domains) = &changes.sign_up_domains {
        let canonical: Option<Vec<String>> = domains.iter().map(|domain| canonical_domain(domain)).collect();
        let canonical = canonical.filter(|domains| domains.len() <= MOST_DOMAINS);
        let wrong =
            || input::invalid("sign_up_domains are at most 100 domains of e-mail addresses, such as example.com");
        changes.sign_up_domains = Some(canonical.ok_or_else(wrong)?);
    }
    let session = SHORTEST_SESSION_SECONDS..=SESSION_ABSOLUTE_SECONDS;
    let times = [changes.session_idle_seconds, changes.session_absolute_seconds];
    if times.into_iter().flatten().any(|seconds| !session.contains(&seconds)) {
        return Err(input::invalid("a session lasts 900 to 2592000 seconds: 15 minutes to 30 days"));
    }
    if changes.recovery_wait_hours.is_some_and(|hours| !(1..=LONGEST_RECOVERY_WAIT_HOURS).contains(&hours)) {
        return Err(input::invalid("recovery_wait_hours are 1 to 720"));
    }
    if changes.registration_limit.is_some_and(|limit| !(1..=MOST_REGISTERED).contains(&limit)) {
        return Err(input::invalid("registration_limit is 1 to 1000"));
    }
    Ok(changes)
}

/// What can be judged of the settings as a whole.
fn fit(chosen: &Settings) -> Result<(), ProblemError> {
    if chosen.sign_up == SignUp::Domains && chosen.sign_up_domains.is_empty() {
        return Err(input::invalid("sign_up by domains needs sign_up_domains"));
    }
    if chosen.session_idle_seconds > chosen.session_absolute_seconds {
        return Err(input::invalid("session_idle_seconds are at most session_absolute_seconds"));
    }
    Ok(())
}

/// In the one spelling that authenticators' models are compared in.
fn is_aaguid(text: &str) -> bool {
    text.parse::<PasskeyId>().is_ok()
}

/// A domain as addresses have it once they are read (D11).
fn canonical_domain(text: &str) -> Option<String> {
    let text = text.trim();
    let email: Email = format!("someone@{text}").parse().ok()?;
    (!text.contains('@')).then(|| email.domain().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d11_a_domain_is_compared_in_the_spelling_of_addresses() {
        for (typed, canonical) in [
            ("Example.COM", "example.com"),
            (" example.nl ", "example.nl"),
            ("bücher.example", "xn--bcher-kva.example"),
        ] {
            assert_eq!(canonical_domain(typed).as_deref(), Some(canonical));
        }
        for wrong in ["", "a@b.example", "@example.com", "exa mple.com", "*.example.com", ".example.com"] {
            assert_eq!(canonical_domain(wrong), None, "{wrong}");
        }
    }
}

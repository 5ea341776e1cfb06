//! `/registration-tokens`: who may register an application at `/register` (RFC 7591, 3; B88).

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_protocol::scope;
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{CreatedRegistrationToken, NewRegistrationToken, Page, RegistrationToken, RegistrationTokenId};
use serde_json::json;

use super::preferences::wrong;
use super::{Caller, input};
use crate::App;
use crate::account::name;
use crate::error::ProblemError;
use crate::oidc::register::INITIAL_TOKEN;
use crate::store::registrations::{self, StoredToken};

/// The most tokens of a tenant.
const MOST: i64 = 100;
/// The most applications of one token.
const USES: RangeInclusive<u32> = 1..=1000;
/// How long a token may be good, in seconds: a minute to a year.
const LIFETIME: RangeInclusive<u32> = 60..=365 * 24 * 3600;
/// The most scopes of one token.
const MOST_SCOPES: usize = 50;

/// `GET /registration-tokens`: newest first.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(part): input::Query<input::Part>,
) -> Result<Json<Page<RegistrationToken>>, ProblemError> {
    let all = registrations::tokens(&mut app.db.read().await?).await?;
    let (items, next) = part.of(all, |token| (token.created_at, token.id))?;
    Ok(Json(Page { items: items.into_iter().map(view).collect(), next }))
}

/// `POST /registration-tokens`: answers with the token, this once.
pub async fn create(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(new): Json<NewRegistrationToken>,
) -> Result<(StatusCode, Json<CreatedRegistrationToken>), ProblemError> {
    let token = checked(&app, new)?;
    let text = app.entropy.token();
    let hash = app.keyring.index(INITIAL_TOKEN, text.expose().as_bytes());
    let stored = token.clone();
    app.db
        .write(move |tx| {
            Box::pin(async move {
                if !registrations::add(tx, &stored, &hash, MOST).await? {
                    return Err(Problem::conflict("too_many_tokens", "there are 100 registration tokens").into());
                }
                let details = json!({ "name": stored.name, "uses": stored.uses, "scopes": stored.scopes });
                polder_audit::record(tx, caller.event("registration_token.created").details(details));
                Ok::<_, ProblemError>(())
            })
        })
        .await?;
    let created = CreatedRegistrationToken { registration_token: view(token), token: text.expose().clone() };
    Ok((StatusCode::CREATED, Json(created)))
}

/// `DELETE /registration-tokens/{id}`. The applications that registered with it stay.
pub async fn remove(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: RegistrationTokenId = input::id(&id)?;
    app.db
        .write(move |tx| {
            Box::pin(async move {
                let name = registrations::remove(tx, id).await?.ok_or_else(input::not_found)?;
                let details = json!({ "name": name });
                polder_audit::record(tx, caller.event("registration_token.removed").details(details));
                Ok::<_, ProblemError>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

fn checked(app: &App, new: NewRegistrationToken) -> Result<StoredToken, ProblemError> {
    if !USES.contains(&new.uses) {
        return Err(wrong("/uses", "1 to 1000"));
    }
    if !LIFETIME.contains(&new.expires_in_seconds) {
        return Err(wrong("/expires_in_seconds", "60 to 31536000: a minute to a year"));
    }
    let own = |word: &String| scope::is_token(word) && !scope::STANDARD.contains(&word.as_str());
    if new.scopes.len() > MOST_SCOPES || !new.scopes.iter().all(own) {
        return Err(wrong("/scopes", "at most 50 single scope tokens other than the standard ones"));
    }
    let now = app.clock.now();
    Ok(StoredToken {
        id: RegistrationTokenId::new(&app.clock, &app.entropy),
        name: name::checked(&new.name).map_err(|_| wrong("/name", "1 to 100 characters of plain text"))?,
        scopes: new.scopes,
        uses: new.uses,
        uses_left: new.uses,
        created_at: now,
        expires_at: now + Duration::from_secs(u64::from(new.expires_in_seconds)),
    })
}

fn view(token: StoredToken) -> RegistrationToken {
    RegistrationToken {
        id: token.id,
        name: token.name,
        scopes: token.scopes,
        uses: token.uses,
        uses_left: token.uses_left,
        created_at: token.created_at.rfc3339(),
        expires_at: token.expires_at.rfc3339(),
    }
}

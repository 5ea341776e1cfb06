//! `/users/{id}/factors`: what a person signs in with besides their address.

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_tenant_api::{AuthenticatorApp, Factors, RecoveryCodes, UserId};

use super::{Caller, input};
use crate::account::notice::{self, Change};
use crate::error::{Internal, ProblemError};
use crate::factors::lost;
use crate::store::{passkeys, recovery_codes, totp_factors, users};
use crate::{App, audit};

/// `GET /users/{id}/factors`.
pub async fn show(
    State(app): State<Arc<App>>,
    _: Caller,
    Path(id): Path<String>,
) -> Result<Json<Factors>, ProblemError> {
    let id: UserId = input::id(&id)?;
    let mut tx = app.db.read().await?;
    users::by_id(&mut tx, &app.keyring, id).await?.ok_or_else(input::not_found)?;
    let totp = totp_factors::of_user(&mut tx, &app.keyring, id).await?;
    let codes = recovery_codes::of_user(&mut tx, id).await?;
    Ok(Json(Factors {
        passkeys: u32::try_from(passkeys::count(&mut tx, id).await?).unwrap_or(u32::MAX),
        authenticator_app: totp.map(|totp| AuthenticatorApp {
            created_at: totp.created_at.rfc3339(),
            last_used_at: totp.last_used_at.map(Timestamp::rfc3339),
        }),
        recovery_codes: codes.map(|set| RecoveryCodes { left: set.left, created_at: set.created_at.rfc3339() }),
    }))
}

/// `DELETE /users/{id}/factors`: takes away app, recovery codes and passkeys of somebody who lost them, and
/// ends their sessions. They are told at every address, and set up new ones at their next sign-in.
pub async fn reset(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let there = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(false) };
                lost::reset(&unit, tx, &user, |action| caller.event(action).user(id)).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

/// `DELETE /users/{id}/authenticator-app`: it no longer gives codes, and recovery codes stand in for nothing any more.
/// Passkeys and sessions stay. The person is told.
pub async fn remove_app(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: UserId = input::id(&id)?;
    let unit = Arc::clone(&app);
    let had = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let Some(user) = users::by_id(tx, &unit.keyring, id).await? else { return Ok(false) };
                if !totp_factors::remove(tx, id).await? {
                    return Ok(false);
                }
                polder_audit::record(tx, audit::about(&unit, caller.event("totp.removed"), &user)?);
                notice::put(&unit, tx, &user, None, Change::TotpRemoved).await?;
                Ok::<_, Internal>(true)
            })
        })
        .await?;
    app.outbox_filled.notify_one();
    if had { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

//! `/applications/{id}/try-outs`: a sign-in as an application, begun and ended by the control plane for a developer.

use std::sync::Arc;

use axum::extract::{Path, State};
use polder_kernel::Secret;
use polder_protocol::par::LIFETIME;
use polder_protocol::{Error, ErrorCode};
use polder_service::Problem;
use polder_service::json::Json;
use polder_tenant_api::{NewTryOut, RefusedAt, TryOutBegun, TryOutCode, TryOutEnded, TryOutRefusal};

use super::{Caller, input, to_the_end};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::model::Application;
use crate::oidc::token::try_out::{self, Presented};
use crate::oidc::try_out::begin as request;
use crate::refusals;
use crate::store::pushed_requests;

/// `POST /applications/{id}/try-outs`: keeps the request for a minute under a name for one use.
pub async fn begin(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(new): Json<NewTryOut>,
) -> Result<Json<TryOutBegun>, ProblemError> {
    let application = find(&app, &id)?;
    if !application.is_enabled() {
        return Ok(Json(TryOutBegun::Refused(switched_off())));
    }
    let (kept, request_uri) = match request(&app, &application, &new)? {
        Ok(ready) => ready,
        Err(error) => return Ok(Json(TryOutBegun::Refused(told(RefusedAt::Authorize, &error)))),
    };
    let id = application.id;
    let there = app.db.write(move |tx| {
        Box::pin(async move {
            let there = pushed_requests::add(tx, &kept).await?;
            if there {
                polder_audit::record(tx, caller.event("application.try_out_began").application(id));
            }
            Ok::<_, Internal>(there)
        })
    });
    if !there.await? {
        return Err(Problem::conflict("too_many_requests_wait", "too many pushed requests wait already").into());
    }
    Ok(Json(TryOutBegun::Ready { request_uri, expires_in: LIFETIME.as_secs() }))
}

/// `POST /applications/{id}/try-outs/end`: the code is used, and what the application would have learnt comes back.
pub async fn end(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(came): Json<TryOutCode>,
) -> Result<Json<TryOutEnded>, ProblemError> {
    let application = find(&app, &id)?;
    if !application.is_enabled() {
        return Ok(Json(TryOutEnded::Refused(switched_off())));
    }
    let presented = Presented { code: Secret::new(came.code), code_verifier: Secret::new(came.code_verifier) };
    to_the_end(async move {
        Ok(Json(match try_out::end(&app, caller, &application, presented).await? {
            Ok(outcome) => TryOutEnded::SignedIn(Box::new(outcome)),
            Err(error) => TryOutEnded::Refused(told(RefusedAt::Token, &error)),
        }))
    })
    .await
}

fn switched_off() -> TryOutRefusal {
    told(RefusedAt::Authorize, &Error::new(ErrorCode::InvalidClient, "the application is switched off"))
}

fn told(at: RefusedAt, error: &Error) -> TryOutRefusal {
    let reason = error.detail.as_deref().unwrap_or(&error.description).to_owned();
    let code = error.code.as_str();
    TryOutRefusal { kind: refusals::kind(at, code, &reason), error: code.to_owned(), reason }
}

fn find(app: &App, id: &str) -> Result<Arc<Application>, ProblemError> {
    app.applications.find(id).ok_or_else(input::not_found)
}

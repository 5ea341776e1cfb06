//! `/logout-deliveries`: what applications were told of ended sessions, and what they never heard (E16).

use std::sync::Arc;

use axum::extract::{Path, State};
use http::StatusCode;
use polder_kernel::Timestamp;
use polder_service::json::Json;
use polder_tenant_api::{
    ApplicationId, ByCreation, LogoutDelivery, LogoutDeliveryId, LogoutDeliveryIdKind, LogoutDeliveryState, Page,
};
use serde::Deserialize;
use serde_json::json;

use super::{Caller, input};
use crate::App;
use crate::error::{Internal, ProblemError};
use crate::store::logout_deliveries::{self, Logged};

/// What the log may be asked for.
#[derive(Debug, Deserialize)]
pub struct Filter {
    application_id: Option<ApplicationId>,
    state: Option<LogoutDeliveryState>,
    sort: Option<ByCreation>,
    cursor: Option<String>,
    limit: Option<i64>,
}

/// `GET /logout-deliveries`: newest first unless asked otherwise.
pub async fn list(
    State(app): State<Arc<App>>,
    _: Caller,
    input::Query(filter): input::Query<Filter>,
) -> Result<Json<Page<LogoutDelivery>>, ProblemError> {
    let limit = input::limit(filter.limit);
    let cursor = input::cursor::<LogoutDeliveryIdKind>(filter.cursor.as_deref())?;
    let wanted = (filter.application_id, filter.state, filter.sort.unwrap_or_default());
    let rows = logout_deliveries::page(&mut app.db.read().await?, wanted, cursor, limit + 1).await?;
    let (rows, next) = input::cut(rows, limit, |logged| (logged.created_at, logged.id));
    Ok(Json(Page { items: rows.into_iter().map(view).collect(), next }))
}

/// `POST /logout-deliveries/{id}/retry`: one that was given up is tried for another day.
pub async fn retry(
    State(app): State<Arc<App>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ProblemError> {
    let id: LogoutDeliveryId = input::id(&id)?;
    let now = app.clock.now();
    let again = app
        .db
        .write(move |tx| {
            Box::pin(async move {
                let again = logout_deliveries::again(tx, id, now).await?;
                if again {
                    polder_audit::record(
                        tx,
                        caller.event("logout_delivery.retried").details(json!({ "delivery": id })),
                    );
                }
                Ok::<_, Internal>(again)
            })
        })
        .await?;
    if again { Ok(StatusCode::NO_CONTENT) } else { Err(input::not_found()) }
}

fn view(logged: Logged) -> LogoutDelivery {
    LogoutDelivery {
        id: logged.id,
        application_id: logged.application_id,
        user_id: logged.user_id,
        sid: logged.sid,
        reason: logged.reason,
        state: match (logged.delivered_at, logged.failed_at) {
            (Some(_), _) => LogoutDeliveryState::Delivered,
            (None, Some(_)) => LogoutDeliveryState::Failed,
            (None, None) => LogoutDeliveryState::Pending,
        },
        attempts: logged.attempts,
        created_at: logged.created_at.rfc3339(),
        last_attempt_at: logged.last_attempt_at.map(Timestamp::rfc3339),
        next_attempt_at: logged.next_attempt_at.map(Timestamp::rfc3339),
        delivered_at: logged.delivered_at.map(Timestamp::rfc3339),
        failed_at: logged.failed_at.map(Timestamp::rfc3339),
        jti: logged.jti,
        answered: logged.answered,
        failure: logged.failure,
    }
}

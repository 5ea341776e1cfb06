//! `POST /staff-access`: the control plane says that one of the operator's people may look at this tenant's people,
//! or no longer, so that the tenant's own log says so (G30). Who is let in is the control plane's to decide.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use polder_db::Error;
use polder_service::json::Json;
use polder_tenant_api::{StaffAccess, StaffAccessChange};
use serde_json::json;

use super::{Caller, input};
use crate::App;
use crate::error::ProblemError;

/// The longest text of each, in characters.
const LONGEST: usize = 1000;

/// `POST /staff-access`.
pub async fn tell(
    State(app): State<Arc<App>>,
    caller: Caller,
    Json(told): Json<StaffAccess>,
) -> Result<StatusCode, ProblemError> {
    let texts = [&told.id, &told.person, &told.reason, &told.until];
    if texts.iter().any(|text| text.is_empty() || text.chars().count() > LONGEST) {
        return Err(input::invalid("a grant says who, why and until when"));
    }
    let action = match told.what {
        StaffAccessChange::Granted => "staff_access.granted",
        StaffAccessChange::Ended => "staff_access.ended",
        StaffAccessChange::Expired => "staff_access.expired",
    };
    let details = json!({"grant": told.id, "person": told.person, "reason": told.reason, "until": told.until});
    let event = caller.event(action).details(details);
    app.db
        .write(move |tx| {
            Box::pin(async move {
                polder_audit::record(tx, event);
                Ok::<_, Error>(())
            })
        })
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

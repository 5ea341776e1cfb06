//! `/tenants/{slug}/access`: leave for the operator's people to look at a tenant's people.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};

use super::mail_domain::tenant;
use crate::api::staff_access::StaffGrant;
use crate::app::App;
use crate::audit::ActingFor;
use crate::organisation::access::{self, NotGiven, Wish};
use crate::organisation::{Authority, By, Refusal};

/// How many grants are shown.
const SHOWN: u32 = 50;

/// Access to give.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccess {
    /// The address of a member of the operator's organisation.
    pub person: String,
    /// Why.
    pub reason: String,
    /// For how many minutes.
    pub minutes: u32,
}

pub(super) async fn list(State(app): State<Arc<App>>, Path(slug): Path<String>) -> Result<Response, Problem> {
    let tenant = tenant(&app, &slug).await?;
    let found = access::of_tenant(&app, &tenant, SHOWN).await.map_err(|refusal| refused(&refusal))?;
    Ok(Json(found.into_iter().map(StaffGrant::from).collect::<Vec<_>>()).into_response())
}

pub(super) async fn grant(
    State(app): State<Arc<App>>,
    Path(slug): Path<String>,
    Json(new): Json<NewAccess>,
) -> Result<Response, Problem> {
    let tenant = tenant(&app, &slug).await?;
    let wrong = |field: &str, why: &str| Problem::invalid(Vec::new()).error(field, why);
    let person = new.person.parse().map_err(|_| wrong("/person", "is not an e-mail address"))?;
    let wish = Wish { person, reason: new.reason, minutes: new.minutes };
    match access::grant(&app, &tenant, wish).await {
        Ok(grant) => Ok((StatusCode::CREATED, Json(StaffGrant::from(grant))).into_response()),
        Err(NotGiven::Wrong(field, why)) => Err(wrong(field, why)),
        Err(NotGiven::NotTold(error)) => Err(Problem::unavailable(&error)),
        Err(NotGiven::Refusal(refusal)) => Err(refused(&refusal)),
    }
}

pub(super) async fn end(
    State(app): State<Arc<App>>,
    Path((slug, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    let tenant = tenant(&app, &slug).await?;
    let organisation_id = tenant.organisation_id.ok_or_else(Problem::not_found)?;
    let id = id.parse().map_err(|_| Problem::not_found())?;
    let acting = ActingFor::system_within(Some(organisation_id));
    let by = By { organisation_id, acting, authority: Authority::Key };
    access::end(&app, &by, id).await.map_err(|refusal| refused(&refusal))?;
    Ok(StatusCode::NO_CONTENT)
}

fn refused(refusal: &Refusal) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::not_found(),
        refusal => Problem::internal(refusal),
    }
}

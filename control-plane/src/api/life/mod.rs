//! `/tenants/{slug}/suspend` and its like: a tenant's life. Every one answers with the tenant as it then
//! is: 200 when that is as wanted, 202 when it takes longer. Asking for what is so already is no error.

pub mod end;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use polder_service::json::Json;
use polder_service::problem::Problem;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ApiError;
use super::input::Input;
use super::tenants::Tenant;
use super::within::Within;
use crate::administer::On;
use crate::app::App;
use crate::provision::{self, Action, idle};
use crate::store::tenants;

/// How long a change is waited for.
const WITHIN: Duration = Duration::from_secs(10);

/// What to change of a tenant.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TenantChanges, example = json!({"idle_after_seconds": 900}))]
pub struct Changes {
    /// After how many seconds without a request it goes to sleep: 60 to 604800, 0 for never, null for
    /// what is usual here.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "present")]
    #[schema(value_type = Option<i64>, minimum = 0, maximum = 604_800)]
    pub idle_after_seconds: Option<Option<i64>>,
}

/// A member that is there and null is something else than one that is not there.
mod present {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<i64>>, D::Error> {
        Option::deserialize(from).map(Some)
    }

    #[expect(clippy::ref_option, reason = "serde calls it so")]
    pub fn serialize<S: Serializer>(value: &Option<Option<i64>>, to: S) -> Result<S::Ok, S::Error> {
        value.flatten().serialize(to)
    }
}

/// Begins what is wanted, waits for it a while, and answers with the tenant as it then is.
///
/// # Errors
/// 409 when it makes no sense now.
pub async fn wanted(on: &On, action: Action) -> Result<(StatusCode, Tenant), ApiError> {
    provision::change(&on.app, &on.acting, on.tenant.id, action).await?;
    let status =
        if provision::settled(&on.app, on.tenant.id, WITHIN).await { StatusCode::OK } else { StatusCode::ACCEPTED };
    let tenant = tenants::by_id(&mut on.app.db.read().await?, on.tenant.id).await?.ok_or_else(ApiError::not_found)?;
    Ok((status, Tenant::from(&tenant)))
}

async fn answer(on: &On, action: Action) -> Result<Response, ApiError> {
    let (status, tenant) = wanted(on, action).await?;
    Ok((status, Json(tenant)).into_response())
}

macro_rules! of_life {
    ($name:ident, $path:literal, $id:literal, $action:expr, $state:literal, $summary:literal, $($more:literal)*) => {
        #[doc = $summary]
        #[doc = ""]
        $(#[doc = $more])*
        #[utoipa::path(
            post, path = $path, operation_id = $id, tag = "life",
            params(("slug" = String, Path, description = "The tenant", example = "acme")),
            responses(
                (status = 200, description = "It is so", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
                    "issuer": "https://acme.polder.example", "state": $state, "failure": null,
                    "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
                    "updated_at": "2026-11-21T08:00:01.250Z"})),
                (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant,
                    example = json!({"slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example",
                    "state": "running", "failure": null, "idle_after_seconds": null, "terminate_at": null,
                    "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"}))
            )
        )]
        pub async fn $name(Within(on): Within) -> Result<Response, ApiError> {
            answer(&on, $action).await
        }
    };
}

of_life!(suspend, "/tenants/{slug}/suspend", "suspendTenant", Action::Suspend, "suspended", "Stops sign-in.",
    "People see a neutral page and applications get no tokens. Discovery and keys are served still, so that"
    "tokens that were given out can be verified, and all data stays.");
of_life!(
    resume,
    "/tenants/{slug}/resume",
    "resumeTenant",
    Action::Resume,
    "running",
    "Lets people sign in again.",
    "What was suspended serves again, with everything as it was."
);
of_life!(sleep, "/tenants/{slug}/sleep", "sleepTenant", Action::Sleep, "asleep", "Puts a tenant to sleep.",
    "Its runtime is stopped. The next request wakes it, and is answered once it is awake; so does work of its"
    "own that is due.");
of_life!(
    wake,
    "/tenants/{slug}/wake",
    "wakeTenant",
    Action::Wake,
    "running",
    "Wakes a tenant.",
    "A request would do the same."
);
of_life!(
    restart,
    "/tenants/{slug}/restart",
    "restartTenant",
    Action::Restart,
    "running",
    "Restarts a tenant.",
    "Its runtime is ended and started again; requests that come meanwhile wait for it."
);
of_life!(
    undo,
    "/tenants/{slug}/undo",
    "undoTermination",
    Action::Undo,
    "running",
    "Takes a termination back.",
    "The tenant is again what it was before, with all its data: possible until the grace period ends."
);

/// Gives a tenant's PostgreSQL database new passwords.
///
/// The present ones work until the tenant has been started with the new ones; requests that come in between
/// wait. One that sleeps is not woken for it. A tenant whose data is in a file has no password: 409.
#[utoipa::path(
    post, path = "/tenants/{slug}/database/rotate", operation_id = "rotateDatabasePasswords", tag = "keys",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses(
        (status = 200, description = "The new passwords are in use", body = Tenant, example = json!({"slug": "acme",
            "name": "Acme", "issuer": "https://acme.polder.example", "state": "running", "failure": null,
            "idle_after_seconds": null, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
            "updated_at": "2026-11-21T08:00:01.250Z"})),
        (status = 202, description = "It takes longer; the tenant's events tell how far it is", body = Tenant,
            example = json!({"slug": "acme", "name": "Acme", "issuer": "https://acme.polder.example",
            "state": "running", "failure": null, "idle_after_seconds": null, "terminate_at": null,
            "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:01.250Z"}))
    )
)]
pub async fn rotate_database(Within(on): Within) -> Result<Response, ApiError> {
    if on.app.postgres.is_none() {
        let why = "the tenant keeps its data in a file, which has no password";
        return Err(Problem::conflict("no_database_password", why).into());
    }
    answer(&on, Action::RotateDatabase).await
}

/// Changes when a tenant goes to sleep.
#[utoipa::path(
    patch, path = "/tenants/{slug}", operation_id = "changeTenant", tag = "tenants",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    request_body(content = Changes, example = json!({"idle_after_seconds": 900})),
    responses((status = 200, description = "The tenant", body = Tenant, example = json!({"slug": "acme", "name": "Acme",
        "issuer": "https://acme.polder.example", "state": "running", "failure": null,
        "idle_after_seconds": 900, "terminate_at": null, "created_at": "2026-11-21T08:00:00.000Z",
        "updated_at": "2026-11-21T08:00:01.250Z"})))
)]
pub async fn change(
    State(app): State<Arc<App>>,
    Within(on): Within,
    Input(changes): Input<Changes>,
) -> Result<Json<Tenant>, ApiError> {
    if let Some(seconds) = changes.idle_after_seconds {
        if seconds.is_some_and(|seconds| seconds != 0 && !(idle::SHORTEST..=idle::LONGEST).contains(&seconds)) {
            let allowed = "60 to 604800 seconds, or 0 for never";
            return Err(Problem::invalid(Vec::new()).error("/idle_after_seconds", allowed).into());
        }
        provision::set_idle(&app, &on.acting, &on.tenant, seconds).await?;
    }
    let tenant = tenants::by_id(&mut app.db.read().await?, on.tenant.id).await?.ok_or_else(ApiError::not_found)?;
    Ok(Json(Tenant::from(&tenant)))
}

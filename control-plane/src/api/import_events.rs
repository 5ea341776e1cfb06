//! `/tenants/{slug}/users/imports/{id}/events`: an import of people, told live.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::sse::Event;
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use polder_service::limit::RetryAfter;
use polder_service::problem::Problem;
use polder_tenant_api::{UserImport, UserImportId, UserImportKind, UserImportState};
use serde_json::json;

use super::ApiError;
use super::events::{WHEN_FULL, live};
use super::within::{AtId, Within};
use crate::administer::{On, Refused, imports};

/// How long nothing is asked after an answer.
const BETWEEN: Duration = Duration::from_secs(1);

/// Streams how far an import has come, as server-sent events.
///
/// First where it is, then each time that it got further, as an event `progress` with `state`, `total`, `done`,
/// `created`, `updated` and `skipped`. One whose state is not `running` is the last.
#[utoipa::path(
    get, path = "/tenants/{slug}/users/imports/{id}/events", operation_id = "followUserImport", tag = "users",
    params(("slug" = String, Path, description = "The tenant", example = "acme"),
        ("id" = String, Path, description = "The import", example = "019a0000-0000-7000-8000-000000000008")),
    responses((status = 200, description = "How far it is, as it goes on", body = String,
        content_type = "text/event-stream",
        example = "event: progress\ndata: {\"state\":\"running\",\"total\":250,\"done\":100,\"created\":95,\"updated\":0,\"skipped\":5}\n\n"))
)]
pub async fn follow(Within(on): Within, AtId(id): AtId<UserImportKind>) -> Result<Response, ApiError> {
    Ok(stream(on, id).await?)
}

/// An import as a response that tells how it goes on, for the console too.
///
/// # Errors
/// When there is no such import, or the tenant cannot be asked.
pub async fn stream(on: On, id: UserImportId) -> Result<Response, Refused> {
    let now = imports::show(&on, id).await?;
    let app = on.app.clone();
    let Some(place) = app.provision.listening.place(on.tenant.id) else {
        return Ok(ApiError::from(Problem::too_many(RetryAfter::from_seconds(WHEN_FULL))).into_response());
    };
    let begun = Following { on, id, told: None, unsaid: Some(now) };
    let news = stream::unfold((begun, place), |(following, place)| async move {
        let (event, following) = following.go_on().await?;
        Some((Ok::<_, Infallible>(event), (following, place)))
    });
    Ok(live(&app, news))
}

/// Somebody who follows an import.
struct Following {
    on: On,
    id: UserImportId,
    /// What they were told last.
    told: Option<UserImport>,
    /// What they are told next, where that is known already.
    unsaid: Option<UserImport>,
}

impl Following {
    /// The next event; `None` once it is over, or where the tenant does not say.
    async fn go_on(mut self) -> Option<(Event, Self)> {
        if self.told.as_ref().is_some_and(|import| import.state != UserImportState::Running) {
            return None;
        }
        let import = match self.unsaid.take() {
            Some(import) => import,
            None => self.further().await?,
        };
        let event = event(&import);
        self.told = Some(import);
        Some((event, self))
    }

    async fn further(&self) -> Option<UserImport> {
        loop {
            tokio::time::sleep(BETWEEN).await;
            let import = imports::show(&self.on, self.id).await.ok()?;
            let same = |told: &UserImport| told.state == import.state && told.done == import.done;
            if !self.told.as_ref().is_some_and(same) {
                return Some(import);
            }
        }
    }
}

/// Numbers alone: what is wrong with a file is asked for by itself.
fn event(import: &UserImport) -> Event {
    let UserImport { state, total, done, created, updated, skipped, .. } = import;
    let told = json!({"state": state, "total": total, "done": done, "created": created, "updated": updated,
        "skipped": skipped});
    Event::default().event("progress").json_data(told).unwrap_or_default()
}

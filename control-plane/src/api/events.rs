//! `/tenants/{slug}/events`: provisioning, told live.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{FutureExt, Stream, StreamExt};
use http::HeaderName;
use polder_service::limit::RetryAfter;
use polder_service::problem::Problem;

use super::ApiError;
use super::within::Within;
use crate::app::App;
use crate::model::{StepEvent, TenantId};
use crate::provision;

/// The longest a stream stays open. Whoever still wants to know asks again, if they still may, and gets the whole
/// story.
const LONGEST: Duration = Duration::from_secs(60);

/// When to come back where too many follow a tenant, in seconds.
pub(super) const WHEN_FULL: u64 = 10;

/// Streams how a tenant is made or started, as server-sent events.
///
/// First everything that happened in its latest operation, then what happens, each as an event `step`
/// with `operation_id`, `seq`, `step`, `status` (`started`, `finished`, `failed`), `at` and, where it
/// failed, `failure`. The step `done` or `failed` is the last.
#[utoipa::path(
    get, path = "/tenants/{slug}/events", operation_id = "followTenant", tag = "tenants",
    params(("slug" = String, Path, description = "The tenant", example = "acme")),
    responses((status = 200, description = "The steps, as they are taken", body = String,
        content_type = "text/event-stream",
        example = "event: step\ndata: {\"operation_id\":\"019a0000-0000-7000-8000-000000000000\",\"seq\":1,\"step\":\"make-folders\",\"status\":\"started\",\"at\":\"2026-11-21T08:00:00.000Z\"}\n\n"))
)]
pub async fn follow(Within(on): Within) -> Result<Response, ApiError> {
    Ok(stream(&on.app, on.tenant.id).await?)
}

/// A tenant's steps as a response, for the console too.
///
/// # Errors
/// When the journal cannot be read.
pub async fn stream(app: &Arc<App>, tenant: TenantId) -> Result<Response, polder_db::Error> {
    let Some(place) = app.provision.listening.place(tenant) else {
        return Ok(ApiError::from(Problem::too_many(RetryAfter::from_seconds(WHEN_FULL))).into_response());
    };
    let steps = provision::events(app, tenant).await?.map(move |step| {
        let _held = &place;
        Ok::<_, Infallible>(event(&step))
    });
    Ok(live(app, steps))
}

/// News as a response that stays open, until we stop or it was open for long.
pub(super) fn live(app: &App, news: impl Stream<Item = Result<Event, Infallible>> + Send + 'static) -> Response {
    let shutdown = app.shutdown.clone();
    let end = async move {
        tokio::select! {
            () = shutdown.wait() => {}
            () = tokio::time::sleep(LONGEST) => {}
        }
    };
    let sse = Sse::new(news.take_until(end.boxed())).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)));
    // Proxies that collect answers would make it anything but live.
    ([(HeaderName::from_static("x-accel-buffering"), "no")], sse).into_response()
}

fn event(step: &StepEvent) -> Event {
    let mut told = serde_json::to_value(step).unwrap_or_default();
    // What ends an operation stands behind all steps, and has no place among them.
    if let (true, Some(told)) = (step.is_last(), told.as_object_mut()) {
        told.remove("seq");
    }
    Event::default().event("step").json_data(told).unwrap_or_default()
}

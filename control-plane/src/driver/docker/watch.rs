//! Hears from Docker what happens to containers, and looks at all of them now and then.

use std::collections::HashMap;
use std::time::Duration;

use bollard::models::{ContainerSummaryStateEnum, EventMessage};
use bollard::query_parameters::EventsOptions;
use futures_util::StreamExt;
use polder_service::Shutdown;

use super::Containers;
use super::container::{INSTALLATION, SHORT_ID};
use super::host::Host;

/// Between two looks at the list of containers: for what was not heard.
const LOOK: Duration = Duration::from_secs(10);

/// Before Docker is listened to again after it stopped talking.
const AGAIN: Duration = Duration::from_secs(1);

/// Nudges the keepers of containers that something happened to, until `stop`.
pub async fn watch(host: &Host, containers: &Containers, stop: Shutdown) {
    loop {
        tokio::select! {
            () = stop.wait() => return,
            () = listen(host, containers) => {}
        }
        tokio::select! {
            () = stop.wait() => return,
            () = tokio::time::sleep(AGAIN) => {}
        }
    }
}

/// Listens until Docker stops talking.
async fn listen(host: &Host, containers: &Containers) {
    let filters = HashMap::from([
        ("type".to_owned(), vec!["container".to_owned()]),
        ("label".to_owned(), vec![format!("{INSTALLATION}={}", host.installation)]),
    ]);
    let mut events =
        host.daemon.docker.events(Some(EventsOptions { filters: Some(filters), ..EventsOptions::default() }));
    let mut look = tokio::time::interval(LOOK);
    loop {
        tokio::select! {
            event = events.next() => match event {
                Some(Ok(event)) => hear(&event, containers),
                Some(Err(error)) => return tracing::debug!(%error, "Docker's events broke off"),
                None => return,
            },
            _ = look.tick() => match host.list(None).await {
                Ok(list) => {
                    let running = |state| state == Some(ContainerSummaryStateEnum::RUNNING);
                    let alive = list.into_iter().filter(|found| running(found.state));
                    let alive: Vec<String> = alive.filter_map(|found| found.labels?.remove(SHORT_ID)).collect();
                    containers.nudge_all_but(&alive);
                }
                Err(error) => tracing::debug!(%error, "Docker does not list containers"),
            },
        }
    }
}

fn hear(event: &EventMessage, containers: &Containers) {
    let action = event.action.as_deref().unwrap_or_default();
    // What the control plane does itself, and what changes nothing.
    if ["create", "start", "attach", "top", "resize"].contains(&action) || action.starts_with("exec_") {
        return;
    }
    let attributes = event.actor.as_ref().and_then(|actor| actor.attributes.as_ref());
    if let Some(short_id) = attributes.and_then(|attributes| attributes.get(SHORT_ID)) {
        tracing::debug!(short_id, action, "something happened to a container");
        containers.nudge(short_id);
    }
}

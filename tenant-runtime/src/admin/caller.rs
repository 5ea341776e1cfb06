//! Who acts through the admin API: the person or program that the control plane's assertion names.

use axum::extract::FromRequestParts;
use http::request::Parts;
use polder_audit::{Actor, Event};
use polder_service::problem::Problem;
use polder_tenant_api::assertion::{self, Assertion};
use serde::{Deserialize, Serialize};

use crate::error::ProblemError;

/// The caller of a request whose assertion was verified by [`super::require`]. Work that goes on after the request
/// keeps it, for the audit log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Caller {
    kind: assertion::Actor,
    id: String,
    request_id: Option<String>,
}

impl Caller {
    /// The caller that a verified assertion names.
    pub fn new(assertion: Assertion) -> Self {
        Self { kind: assertion.actor, id: assertion.sub, request_id: assertion.request_id }
    }

    /// An audit event of something this caller did. The log says that the control plane asserted
    /// who it was: this tenant did not see them sign in.
    pub fn event(&self, action: &'static str) -> Event {
        let event = Event::new(action, Actor::new(self.kind.as_str(), &self.id));
        match &self.request_id {
            Some(id) => event.request(id),
            None => event,
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = ProblemError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ProblemError> {
        // Absent only if a route was left outside the assertion's layer: refuse rather than trust.
        parts.extensions.get::<Self>().cloned().ok_or_else(|| Problem::unauthorized().into())
    }
}

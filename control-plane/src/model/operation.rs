//! One journaled change of a tenant, and the news of its steps.

use std::fmt;
use std::str::FromStr;

use polder_kernel::Timestamp;
use serde::Serialize;

use super::{Actor, OperationId, TenantId};

/// One journaled change of a tenant.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Names it.
    pub id: OperationId,
    /// The tenant it changes.
    pub tenant_id: TenantId,
    /// What it does.
    pub kind: OperationKind,
    /// Who wanted it.
    pub actor: Actor,
    /// When it began.
    pub started_at: Timestamp,
}

/// What an operation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperationKind {
    /// Makes a tenant.
    Create,
    /// Brings a tenant back to what it is meant to be, after a start of the control plane.
    Start,
    /// Stops sign-in.
    Suspend,
    /// Lets people sign in again.
    Resume,
    /// Stops the runtime until somebody asks.
    Sleep,
    /// Starts it for whoever asked.
    Wake,
    /// Ends the runtime and starts it again.
    Restart,
    /// Gives the roles of its database new passwords.
    RotateDatabase,
    /// Stops the tenant for good, with a grace period.
    Terminate,
    /// Takes that back.
    Undo,
    /// Destroys everything.
    Destroy,
}

impl OperationKind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Create,
        Self::Start,
        Self::Suspend,
        Self::Resume,
        Self::Sleep,
        Self::Wake,
        Self::Restart,
        Self::RotateDatabase,
        Self::Terminate,
        Self::Undo,
        Self::Destroy,
    ];

    /// The name in the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Start => "start",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Sleep => "sleep",
            Self::Wake => "wake",
            Self::Restart => "restart",
            Self::RotateDatabase => "rotate-database",
            Self::Terminate => "terminate",
            Self::Undo => "undo",
            Self::Destroy => "destroy",
        }
    }
}

impl fmt::Display for OperationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a kind of operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of operation")]
pub struct NotAKind;

impl FromStr for OperationKind {
    type Err = NotAKind;
    fn from_str(text: &str) -> Result<Self, NotAKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NotAKind)
    }
}

/// News of one step, as `GET /tenants/{slug}/events` streams it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepEvent {
    /// The operation the step belongs to.
    pub operation_id: OperationId,
    /// The step's place in the operation, from 1; the last event stands behind all.
    pub seq: i64,
    /// What it does, such as `start-runtime`; `done` and `failed` end an operation.
    pub step: String,
    /// How far it is.
    pub status: StepStatus,
    /// When this was so.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Why it failed, in words an operator can act on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StepStatus {
    /// Begun.
    Started,
    /// Over, and done.
    Finished,
    /// Over, and to be tried again or given up.
    Failed,
}

impl StepEvent {
    /// Whether nothing follows in this operation.
    pub fn is_last(&self) -> bool {
        matches!(self.step.as_str(), "done" | "failed")
    }
}

fn rfc3339<S: serde::Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

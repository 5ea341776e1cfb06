//! A tenant as the control plane knows it.

use std::fmt;
use std::str::FromStr;

use polder_kernel::{Slug, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Aim, OrganisationId, TenantId};
use crate::provision::desired::Blueprint;

/// A tenant.
#[derive(Clone, Debug)]
pub struct Tenant {
    /// Names it for ever.
    pub id: TenantId,
    /// The first label of its host name.
    pub slug: Slug,
    /// Names its folders and sockets: twelve characters, so that socket paths stay short.
    pub short_id: String,
    /// The name people see.
    pub name: String,
    /// Its issuer, fixed when it was created.
    pub issuer: String,
    /// Whose it is; `platform` is nobody's.
    pub organisation_id: Option<OrganisationId>,
    /// Where it is in its life.
    pub state: TenantState,
    /// Why it failed, in words an operator can act on.
    pub failure: Option<String>,
    /// What it is meant to be.
    pub desired: Aim,
    /// What it is to hold besides itself.
    pub blueprint: Blueprint,
    /// How it sleeps and how it ends.
    pub plans: Plans,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What is arranged for a tenant's life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plans {
    /// After how many seconds without a request it goes to sleep: `None` as the installation does, 0 never.
    pub idle_after_seconds: Option<i64>,
    /// While it sleeps: when work of its own is due.
    pub wake_at: Option<Timestamp>,
    /// Its runtime must have been started after this moment.
    pub restart_at: Option<Timestamp>,
    /// What it was meant to be before its grace period.
    pub desired_before: Option<Aim>,
    /// When its grace period began.
    pub terminated_at: Option<Timestamp>,
    /// When its grace period ends.
    pub terminate_at: Option<Timestamp>,
    /// When the last of it was destroyed.
    pub destroyed_at: Option<Timestamp>,
}

/// Where a tenant is in its life. The names are the public API's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum TenantState {
    /// Being made; its host answers nothing yet.
    Provisioning,
    /// Made; its process runs while the control plane does.
    Running,
    /// Made and stopped until the next request.
    Asleep,
    /// Nobody signs in; discovery and keys are served still.
    Suspended,
    /// Stopped for good; it can be undone until the grace period ends.
    Terminating,
    /// The last attempt to make or start it failed; the next start tries again.
    Failed,
}

impl TenantState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Provisioning, Self::Running, Self::Asleep, Self::Suspended, Self::Terminating, Self::Failed];

    /// The name in the database and in the public API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Running => "running",
            Self::Asleep => "asleep",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for TenantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is not the name of a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a tenant state")]
pub struct NotAState;

impl FromStr for TenantState {
    type Err = NotAState;
    fn from_str(text: &str) -> Result<Self, NotAState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(NotAState)
    }
}

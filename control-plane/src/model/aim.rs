//! What a tenant is meant to be.

use std::fmt;
use std::str::FromStr;

use super::TenantState;

/// What a tenant is meant to be; [`TenantState`] says where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aim {
    /// Serving.
    Running,
    /// Stopped until the next request or the next work of its own.
    Asleep,
    /// Nobody signs in; what verifies tokens is served still.
    Suspended,
    /// Stopped for good, unless that is undone before the grace period ends.
    Terminating,
    /// Nothing of it is left but its name.
    Destroyed,
}

impl Aim {
    /// Every aim.
    pub const ALL: [Self; 5] = [Self::Running, Self::Asleep, Self::Suspended, Self::Terminating, Self::Destroyed];

    /// The name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Asleep => "asleep",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
            Self::Destroyed => "destroyed",
        }
    }

    /// The state of a tenant that is what it is meant to be. The public API knows no state of what
    /// is no more: nothing of it is shown.
    pub const fn state(self) -> TenantState {
        match self {
            Self::Running => TenantState::Running,
            Self::Asleep => TenantState::Asleep,
            Self::Suspended => TenantState::Suspended,
            Self::Terminating | Self::Destroyed => TenantState::Terminating,
        }
    }

    /// Whether its runtime is to run.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Running | Self::Suspended)
    }
}

impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text names no aim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not what a tenant can be meant to be")]
pub struct NotAnAim;

impl FromStr for Aim {
    type Err = NotAnAim;
    fn from_str(text: &str) -> Result<Self, NotAnAim> {
        Self::ALL.into_iter().find(|aim| aim.as_str() == text).ok_or(NotAnAim)
    }
}

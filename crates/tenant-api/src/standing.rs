//! Whether a tenant is meant to serve, as the control plane tells it: so that its own log says so.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether a tenant is meant to serve.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// It serves.
    #[default]
    Serving,
    /// Nobody signs in.
    Suspended,
    /// It is terminated, and in its grace period.
    Terminating,
}

impl Standing {
    /// The name on the wire and in the tenant's database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
        }
    }
}

/// `PUT /standing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StandingChange {
    /// What it is from now on.
    pub standing: Standing,
}

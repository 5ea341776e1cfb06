//! That one of the operator's people may look at a tenant's people for a while: told to the tenant, so that its own
//! log says so (G30).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /staff-access`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffAccess {
    /// Names the grant.
    pub id: String,
    /// What became of it.
    pub what: StaffAccessChange,
    /// Who: name and address.
    pub person: String,
    /// Why.
    pub reason: String,
    /// Until when at the latest, RFC 3339.
    pub until: String,
}

/// What became of a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum StaffAccessChange {
    /// It was given.
    Granted,
    /// It was ended before its time.
    Ended,
    /// It ended by itself.
    Expired,
}

//! `POST /users/exports`.

use serde::{Deserialize, Serialize};

/// Which list of people somebody takes with them, for the log. What they looked for can be somebody's name, so the log
/// learns only that they did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UsersExport {
    /// Whether it is only those whose name or address fits.
    pub searched: bool,
    /// Those who hold this role.
    pub role: Option<String>,
    /// Those whose signing in is stopped, or is not.
    pub disabled: Option<bool>,
    /// Those who have not proved their address, or have.
    pub unverified: Option<bool>,
}

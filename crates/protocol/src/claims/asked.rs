//! Single claims that a grant gives beside its scope (OpenID Connect Core 5.5), by name.

use serde::{Deserialize, Serialize};

/// Names of claims, by where they stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedClaims {
    /// In userinfo.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo: Vec<String>,
    /// In ID tokens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub id_token: Vec<String>,
}

impl AskedClaims {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.userinfo.is_empty() && self.id_token.is_empty()
    }
}

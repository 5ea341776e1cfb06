//! What kind of tokens an application gets.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How an access token is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessTokenFormat {
    /// A signed token (RFC 9068), which an API can check by itself.
    #[default]
    Jwt,
    /// Text that says nothing to anybody: an API asks what it is good for (RFC 7662).
    Opaque,
}

/// What an application knows people by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SubjectType {
    /// The same name everywhere.
    #[default]
    Public,
    /// A name of its own for the host of its redirect URIs.
    Pairwise,
}

impl AccessTokenFormat {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jwt => "jwt",
            Self::Opaque => "opaque",
        }
    }
}

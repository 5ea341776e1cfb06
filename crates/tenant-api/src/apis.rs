//! A tenant's APIs: what applications ask tokens for (RFC 8707).

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What an API is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiDefinition {
    /// The absolute URI that applications send as `resource` and that stands in tokens as `aud`. It stays.
    pub identifier: String,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// An API.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Api {
    /// Names it in `preferences.apis` of applications.
    pub name: String,
    /// The absolute URI that applications send as `resource` and that stands in tokens as `aud`.
    pub identifier: String,
    /// What people call it.
    pub title: Option<String>,
    /// When it was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
}

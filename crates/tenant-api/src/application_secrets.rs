//! `/applications/{id}/secrets`: what an application proves itself with.

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

id_kind!(
    /// Names a secret of an application; it says nothing about the secret.
    ApplicationSecretId,
    ApplicationSecretKind
);

/// A secret that still works, without itself: only a keyed hash of it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplicationSecret {
    /// Names it.
    #[schema(value_type = String)]
    pub id: ApplicationSecretId,
    /// When it was made.
    pub created_at: String,
    /// When it stops working; null for the newest, which works on.
    pub expires_at: Option<String>,
    /// When it last proved the application, to the minute; null while it never did.
    #[serde(default)]
    pub last_used_at: Option<String>,
}

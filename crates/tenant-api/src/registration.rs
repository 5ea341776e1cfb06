//! `/registration-tokens`: who may register an application (RFC 7591, 3).

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

id_kind!(
    /// Names a registration token.
    RegistrationTokenId,
    RegistrationTokenKind
);

/// A registration token to make: an initial access token for programs that register themselves.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRegistrationToken {
    /// What it is for; shown with every application that registers with it.
    pub name: String,
    /// How long it is good, in seconds: 60 to 31536000; a day unless given.
    #[serde(default = "a_day")]
    #[schema(minimum = 60, maximum = 31_536_000)]
    pub expires_in_seconds: u32,
    /// How many applications may be registered with it: 1 to 1000; one unless given.
    #[serde(default = "one")]
    #[schema(minimum = 1, maximum = 1000)]
    pub uses: u32,
    /// Scopes beyond the OpenID Connect ones that an application may be registered with; none unless given.
    #[serde(default)]
    pub scopes: Vec<String>,
}

/// A registration token.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RegistrationToken {
    /// Names it.
    #[schema(value_type = String)]
    pub id: RegistrationTokenId,
    /// What it is for.
    pub name: String,
    /// Scopes beyond the OpenID Connect ones that an application may be registered with.
    pub scopes: Vec<String>,
    /// How many applications may be registered with it in all.
    pub uses: u32,
    /// How many more may be.
    pub uses_left: u32,
    /// When it was made.
    pub created_at: String,
    /// When it stops working.
    pub expires_at: String,
}

/// A registration token with its text, which is shown this once.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
pub struct CreatedRegistrationToken {
    /// The token.
    #[serde(flatten)]
    pub registration_token: RegistrationToken,
    /// Its text. It is stored only as a keyed hash.
    pub token: String,
}

const fn a_day() -> u32 {
    24 * 3600
}

const fn one() -> u32 {
    1
}

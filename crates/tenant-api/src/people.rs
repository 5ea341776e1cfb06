//! What an administrator sees and does about one person, beside [`crate::users`].

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApplicationId, UserOrder};

/// Which people a list holds. What is absent is not asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct UserFilter {
    /// The one with this address.
    pub email: Option<String>,
    /// Parts of name or address, separated by spaces: all of them occur.
    pub q: Option<String>,
    /// Those who hold this role.
    pub role: Option<String>,
    /// Those whose signing in is stopped, or is not.
    pub disabled: Option<bool>,
    /// Those who have not proved their address, or have.
    pub unverified: Option<bool>,
    /// In which order.
    pub sort: UserOrder,
}

/// What a person signs in with beside their address and their passkeys.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Factors {
    /// How many passkeys they have.
    pub passkeys: u32,
    /// Their authenticator app; null where there is none.
    pub authenticator_app: Option<AuthenticatorApp>,
    /// Their recovery codes; null where there are none.
    pub recovery_codes: Option<RecoveryCodes>,
}

/// An authenticator app. Its secret stays where it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct AuthenticatorApp {
    /// When it was set up.
    pub created_at: String,
    /// When a code of it was last used.
    pub last_used_at: Option<String>,
}

/// A set of recovery codes. The codes are stored nowhere.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct RecoveryCodes {
    /// How many were not used yet.
    pub left: i64,
    /// When they were made.
    pub created_at: String,
}

/// An application with access to a person's account.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct UserApplication {
    /// The application.
    #[schema(value_type = String)]
    pub application_id: ApplicationId,
    /// Its name.
    pub name: String,
    /// Since when it has access.
    pub since: String,
    /// What it may see and do.
    pub scopes: Vec<String>,
    /// When the person agreed to it; null where nobody is asked.
    pub consented_at: Option<String>,
}

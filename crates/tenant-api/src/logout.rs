//! What applications are told of ended sessions (OpenID Connect Back-Channel Logout 1.0).

use polder_kernel::id_kind;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApplicationId, UserId};

id_kind!(
    /// Names a delivery.
    LogoutDeliveryId,
    LogoutDeliveryIdKind
);

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogoutDeliveryState {
    /// It will be tried, or tried again.
    Pending,
    /// The application said that it knows.
    Delivered,
    /// It was tried for a day and given up.
    Failed,
}

impl LogoutDeliveryState {
    /// As on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// One application, and what it was told of the end of one session.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct LogoutDelivery {
    /// Names it.
    #[schema(value_type = String)]
    pub id: LogoutDeliveryId,
    /// Who is told.
    #[schema(value_type = String)]
    pub application_id: ApplicationId,
    /// Whose session it was; null once they were erased and the application knows.
    #[schema(value_type = Option<String>)]
    pub user_id: Option<UserId>,
    /// The session as the application knows it: `sid` of its ID tokens.
    pub sid: String,
    /// Why the session ended, as the register has it.
    pub reason: String,
    /// How far it has come.
    pub state: LogoutDeliveryState,
    /// How often it was tried.
    pub attempts: i64,
    /// When the session ended.
    pub created_at: String,
    /// When it was last tried.
    pub last_attempt_at: Option<String>,
    /// When it will be tried next.
    pub next_attempt_at: Option<String>,
    /// When the application said that it knows.
    pub delivered_at: Option<String>,
    /// When it was given up.
    pub failed_at: Option<String>,
    /// `jti` of the token that the last attempt carried.
    pub jti: Option<String>,
    /// The HTTP status of the last answer, where one came.
    pub answered: Option<i64>,
    /// Why the last attempt failed.
    pub failure: Option<String>,
}

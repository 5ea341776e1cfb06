//! `/users`: the people, what they sign in with and where they are signed in.

use polder_kernel::Locale;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ApplicationId, FieldValues, PasskeyId, SessionId, UserId};

/// A person to create.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// The address they sign in with; unverified until they do.
    pub email: String,
    /// The name shown to applications.
    #[serde(default)]
    pub name: Option<String>,
    /// The language of pages and mails.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Roles in this tenant.
    #[serde(default)]
    pub roles: Vec<String>,
    /// Values of the tenant's own profile fields, by name.
    #[serde(default, skip_serializing_if = "FieldValues::is_empty")]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
    /// Whether to tell them by mail that there is an account for them, and where to sign in.
    #[serde(default)]
    pub invite: bool,
}

/// Changes to a person: what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UserChanges {
    /// A new address. It counts as unproved until they sign in with it; the old one is told, and can undo it for a week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new language.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// New roles, replacing all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roles: Option<Vec<String>>,
    /// Whether signing in is stopped. Stopping it ends every session and grant at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// New values of profile fields, by name; null removes one, and those not named stay.
    #[serde(skip_serializing_if = "FieldValues::is_empty")]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
}

/// A person.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct User {
    /// The `sub` of their tokens.
    #[schema(value_type = String)]
    pub id: UserId,
    /// The address they sign in with.
    pub email: String,
    /// Whether they have proved the address.
    pub email_verified: bool,
    /// The name shown to applications.
    pub name: Option<String>,
    /// The language of pages and mails.
    #[schema(value_type = Option<String>)]
    pub locale: Option<Locale>,
    /// Roles in this tenant.
    pub roles: Vec<String>,
    /// Values of the tenant's own profile fields, by name.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub fields: FieldValues,
    /// Whether signing in is stopped.
    pub disabled: bool,
    /// When the account was made.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When they last signed in.
    pub last_sign_in_at: Option<String>,
}

/// A passkey of a person. Its key stays where it is.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Passkey {
    /// Names the passkey; it is not the credential's own id.
    #[schema(value_type = String)]
    pub id: PasskeyId,
    /// What its owner calls it.
    pub name: String,
    /// What it lives in, where that is known.
    pub model: Option<String>,
    /// The model as its authenticator says it; zeros where it does not.
    pub aaguid: String,
    /// Whether it can be copied to the person's other devices.
    pub synced: bool,
    /// Whether it is.
    pub backed_up: bool,
    /// How its authenticator can be reached.
    pub transports: Vec<String>,
    /// When it was made.
    pub created_at: String,
    /// When it was last used.
    pub last_used_at: Option<String>,
}

/// A session in the register.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
pub struct Session {
    /// Names the session; it is not the cookie.
    #[schema(value_type = String)]
    pub id: SessionId,
    /// Whose it is.
    #[schema(value_type = String)]
    pub user_id: UserId,
    /// Network address of the last use.
    pub ip: Option<String>,
    /// Browser and system of the last use.
    pub user_agent: Option<String>,
    /// Country of the last use (ISO 3166-1), where a local file tells it.
    #[serde(default)]
    pub country: Option<String>,
    /// How the person proved themselves (RFC 8176).
    pub amr: Vec<String>,
    /// When it began.
    pub created_at: String,
    /// When it was last used.
    pub last_seen_at: String,
    /// When it ends at the latest.
    pub expires_at: String,
    /// When it ended.
    pub ended_at: Option<String>,
    /// Why it ended.
    pub ended_reason: Option<String>,
    /// The applications it reached.
    #[schema(value_type = Vec<String>)]
    pub applications: Vec<ApplicationId>,
}

//! A person of the tenant.

use polder_kernel::{Email, Locale, Timestamp};
use polder_tenant_api::UserId;

/// A person, unsealed.
#[derive(Clone, Debug)]
pub struct User {
    /// The `sub` of their tokens.
    pub id: UserId,
    /// The address they sign in with.
    pub email: Email,
    /// When they last proved the address.
    pub email_verified_at: Option<Timestamp>,
    /// The name shown to applications.
    pub name: Option<String>,
    /// The language of pages and mails.
    pub locale: Option<Locale>,
    /// The person's audit key, wrapped.
    pub audit_key_wrapped: Option<String>,
    /// When the account was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When they last signed in.
    pub last_sign_in_at: Option<Timestamp>,
    /// When signing in was stopped.
    pub disabled_at: Option<Timestamp>,
}

//! A person of the tenant.

use std::fmt;

use polder_kernel::{Email, Locale, Timestamp};
use polder_tenant_api::UserId;

/// A person, unsealed.
#[derive(Clone)]
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

impl fmt::Debug for User {
    /// The id alone: a person's name and address have no place where things are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p1_a_person_does_not_print() {
        let user = User {
            id: UserId::from_bytes([1; 16]),
            email: "ann@example.test".parse().unwrap(),
            email_verified_at: None,
            name: Some("Ann Smit".to_owned()),
            locale: None,
            audit_key_wrapped: Some("wrapped".to_owned()),
            created_at: Timestamp::from_seconds(1),
            updated_at: Timestamp::from_seconds(1),
            last_sign_in_at: None,
            disabled_at: None,
        };
        let printed = format!("{user:?} {user:#?}");
        assert!(!printed.contains("Ann") && !printed.contains("ann@") && !printed.contains("wrapped"), "{printed}");
    }
}

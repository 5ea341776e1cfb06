//! A token that was checked.

use polder_kernel::Timestamp;

use crate::access_token::Claims;
use crate::refused::{Problem, Refused};
use crate::sign_in::{self, SignIn};

/// An access token that is good for this API, at the moment it was checked.
#[derive(Clone, Debug)]
pub struct Token {
    pub(crate) claims: Claims,
    pub(crate) checked_at: Timestamp,
    /// Whether it came with a proof of its key.
    pub(crate) dpop: bool,
}

impl Token {
    /// What it says.
    pub const fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The person, where there is one: a token that an application got for itself has none.
    pub fn person(&self) -> Option<&str> {
        (self.claims.sub != self.claims.client_id).then_some(self.claims.sub.as_str())
    }

    /// Whether this was granted.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.claims.scope.split(' ').any(|granted| granted == scope)
    }

    /// Refuses a token without this scope.
    ///
    /// # Errors
    /// 403 `insufficient_scope`.
    pub fn require_scope(&self, scope: &str) -> Result<(), Refused> {
        if self.has_scope(scope) {
            return Ok(());
        }
        Err(Refused::new(Problem::InsufficientScope(scope.to_owned())).speaking_dpop(self.dpop))
    }

    /// Refuses a token whose sign-in was too weak or too long ago (RFC 9470). A client that understands sends the
    /// person to sign in again.
    ///
    /// # Errors
    /// 401 `insufficient_user_authentication`, with what is needed.
    pub fn require_sign_in(&self, needed: SignIn<'_>) -> Result<(), Refused> {
        sign_in::check(&self.claims, needed, self.checked_at).map_err(|refused| refused.speaking_dpop(self.dpop))
    }
}

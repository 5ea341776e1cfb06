//! The tokens of a session at `platform`: sealed in the database, never in a browser.

use std::time::Duration;

use openidconnect::OAuth2TokenResponse;
use openidconnect::core::CoreTokenResponse;
use polder_kernel::{Clock, Timestamp};
use serde::{Deserialize, Serialize};

use super::OidcError;

/// Access tokens count as over this long before they are, so that none ends on the way.
const EARLY: u64 = 30;

/// Tokens of a session.
#[derive(Clone, Serialize, Deserialize)]
pub struct Tokens {
    /// For calls in the person's name.
    pub access: String,
    /// For the next access token.
    pub refresh: Option<String>,
    /// A hint for signing out.
    pub id: String,
    /// When the access token has to be renewed, which also tells whether the session at `platform` lives.
    pub renew_at: Timestamp,
}

impl Tokens {
    pub(super) fn of(answer: &CoreTokenResponse, id: String, clock: &Clock) -> Result<Self, OidcError> {
        let lives = answer.expires_in().ok_or(OidcError::Untrusted("the access token does not say when it ends"))?;
        Ok(Self {
            access: answer.access_token().secret().clone(),
            refresh: answer.refresh_token().map(|token| token.secret().clone()),
            id,
            renew_at: clock.now() + Duration::from_secs(lives.as_secs().saturating_sub(EARLY)),
        })
    }
}

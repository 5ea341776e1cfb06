//! Tokens of providers, where a connection asks for keeping them (K5): sealed, and refreshed.

use std::time::Duration;

use oauth2::{RefreshToken, TokenResponse};
use polder_kernel::Timestamp;
use serde::{Deserialize, Serialize};

use super::Problem;
use super::client::{self, TokenAnswer};
use super::redeem::of_token_endpoint;
use crate::App;
use crate::model::Connection;

/// Tokens of a provider. They do not print.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// For calls in the person's name.
    pub access: String,
    /// For the next access token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refresh: Option<String>,
    /// When the access token ends, if the provider says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}

impl Tokens {
    /// What an answer of the token endpoint holds.
    pub fn of(answer: &TokenAnswer, now: Timestamp) -> Self {
        /// Longer lives than a year are not believed.
        const MOST: Duration = Duration::from_secs(365 * 24 * 3600);
        Self {
            access: answer.access_token().secret().clone(),
            refresh: answer.refresh_token().map(|token| token.secret().clone()),
            expires_at: answer.expires_in().map(|lives| now + lives.min(MOST)),
        }
    }

    /// These in place of those before. A refresh token that is not given anew stays: some providers give
    /// one the first time only.
    #[must_use]
    pub fn after(self, before: Option<&Self>) -> Self {
        let refresh = self.refresh.or_else(|| before?.refresh.clone());
        Self { refresh, ..self }
    }

    /// Trades the refresh token for new tokens. What the provider does not give anew stays.
    ///
    /// # Errors
    /// [`Problem::Refused`] when the grant is gone, others when it may live.
    pub async fn refreshed(&self, app: &App, connection: &Connection) -> Result<Self, Problem> {
        let refresh = RefreshToken::new(self.refresh.clone().ok_or(Problem::Refused)?);
        let place = client::place(app, connection).await?;
        let client = client::client(app, connection, &place).await?;
        let answer = client.exchange_refresh_token(&refresh).request_async(&app.outbound).await;
        let fresh = Self::of(&answer.map_err(|error| of_token_endpoint(&error))?, app.clock.now());
        Ok(fresh.after(Some(self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn k5_a_refresh_token_that_is_not_given_anew_stays() {
        let tokens = |access: &str, refresh: Option<&str>| Tokens {
            access: access.to_owned(),
            refresh: refresh.map(str::to_owned),
            expires_at: None,
        };
        let before = tokens("a", Some("r"));
        assert!(tokens("b", None).after(Some(&before)) == tokens("b", Some("r")));
        assert!(tokens("b", Some("s")).after(Some(&before)) == tokens("b", Some("s")));
        assert!(tokens("b", None).after(None) == tokens("b", None));
    }
}

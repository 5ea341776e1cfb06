//! Why a provider signed nobody in.

use std::error::Error;

use polder_outbound::EgressError;

/// Why a provider signed nobody in. The text is for the log: it holds nothing of request and answer.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The person, or the provider, would rather not.
    #[error("the provider refused")]
    Refused,
    /// It cannot be reached, or does not speak as it should. Trying again may help.
    #[error("the provider cannot be used: {0}")]
    Unusable(&'static str),
    /// What it said is not to be believed.
    #[error("the provider's answer is not to be believed: {0}")]
    Untrusted(&'static str),
    /// The connection is set up wrongly.
    #[error("the connection is set up wrongly: {0}")]
    Setup(&'static str),
}

impl Problem {
    /// Why there was no answer to a call. What a person set up wrongly is told apart, since they can help it.
    pub fn of_call(error: &(dyn Error + 'static), otherwise: &'static str) -> Self {
        let mut cause = Some(error);
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<EgressError>() {
                return match error {
                    EgressError::Closed(status) if *status == http::StatusCode::FORBIDDEN => {
                        Self::Setup("a host of the provider is not on the list of hosts that may be reached")
                    }
                    EgressError::TooLarge => Self::Untrusted("a document is too large"),
                    EgressError::TimedOut => Self::Unusable("it takes too long"),
                    _ => Self::Unusable("it cannot be reached"),
                };
            }
            cause = error.source();
        }
        Self::Unusable(otherwise)
    }
}

//! The second step of a sign-in.

use askama::Template;

use crate::Frame;

/// Asks for the code of the authenticator app (`form#totp-form` posts `code` to `/signin/second-step`) or
/// for a recovery code (`form#recovery-form` posts `recovery` to `/signin/recovery-code`).
#[derive(Clone, Copy, Debug, Template)]
#[template(path = "tenant/second_step.html")]
pub struct SecondStep<'a> {
    /// Around the page.
    pub frame: Frame<'a>,
    /// The application that waits.
    pub application: Option<&'a str>,
    /// Whether it asks for a recovery code.
    pub recovery: bool,
    /// What was wrong.
    pub error: Option<SecondStepError>,
}

/// Why a code was not accepted. Used before and never given read the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondStepError {
    /// Nothing was typed.
    Empty,
    /// It cannot be such a code.
    Malformed,
    /// It is not the code.
    Wrong,
    /// Wrong too often.
    Wait {
        /// When to try again, in seconds.
        retry_after_seconds: u64,
    },
}

impl SecondStep<'_> {
    fn title(&self) -> &'static str {
        let t = &self.frame.t().second_step;
        if self.recovery { t.recovery_title } else { t.title }
    }

    fn problem(&self) -> Option<String> {
        let t = self.frame.t();
        let s = &t.second_step;
        self.error.map(|error| match error {
            SecondStepError::Empty => s.error_empty.to_owned(),
            SecondStepError::Malformed if self.recovery => s.error_recovery_malformed.to_owned(),
            SecondStepError::Malformed => s.error_malformed.to_owned(),
            SecondStepError::Wrong if self.recovery => s.error_recovery_wrong.to_owned(),
            SecondStepError::Wrong => s.error_wrong.to_owned(),
            SecondStepError::Wait { retry_after_seconds } => s.error_wait(t.wait(retry_after_seconds)),
        })
    }
}

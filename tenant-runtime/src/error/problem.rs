//! Errors for the control plane: RFC 9457 problems.

use axum::response::{IntoResponse, Response};
use polder_service::Problem;

use super::Internal;
use super::internal::from_internal;

/// A problem for the control plane.
#[derive(Debug)]
pub struct ProblemError(Box<Problem>);

impl ProblemError {
    /// What is wrong with the input; the error itself where it is our own.
    ///
    /// # Errors
    /// The error, where nobody but us is to blame.
    pub fn into_problem(self) -> Result<Problem, Internal> {
        if self.0.status().is_server_error() {
            return Err(Internal::NotReady("the input could not be judged"));
        }
        Ok(*self.0)
    }
}

impl From<Problem> for ProblemError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl From<Internal> for ProblemError {
    fn from(source: Internal) -> Self {
        if source.is_temporary() { Problem::unavailable(&source).into() } else { Problem::internal(&source).into() }
    }
}

from_internal!(ProblemError);

impl IntoResponse for ProblemError {
    fn into_response(self) -> Response {
        self.0.into_response()
    }
}

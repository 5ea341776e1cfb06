//! Why somebody was not signed in.

use crate::provision::own_applications::NoApplication;

/// Why somebody was not signed in. The text is for the log and holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    /// `platform` cannot be reached or does not speak the protocol.
    #[error("platform cannot be used: {0}")]
    Provider(&'static str),
    /// The answer does not belong to this attempt.
    #[error("the answer is not to be trusted: {0}")]
    Untrusted(&'static str),
    /// `platform` refused: the grant is gone.
    #[error("platform refused the grant")]
    Refused,
    /// The console is not registered there yet.
    #[error(transparent)]
    NoApplication(#[from] NoApplication),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] polder_db::Error),
}

/// Turns the library's errors into one line without their payload, which may quote tokens.
pub(super) fn unusable<E>(what: &'static str) -> impl Fn(E) -> OidcError {
    move |_| OidcError::Provider(what)
}

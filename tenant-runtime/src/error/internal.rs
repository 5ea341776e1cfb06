//! What can break inside. Nobody outside learns which: they get "server_error" and a request id.

use polder_crypto::{KeyError, SealError};

/// A failure that is ours, not the caller's.
#[derive(Debug, thiserror::Error)]
pub enum Internal {
    /// The database.
    #[error(transparent)]
    Database(#[from] polder_db::Error),
    /// A sealed value that does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// A signing key that does not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The audit log.
    #[error(transparent)]
    Audit(#[from] polder_audit::Error),
    /// A value that does not become JSON, or does not come back from it.
    #[error("a stored value is not the JSON it should be: {0}")]
    Json(#[from] serde_json::Error),
    /// A row that cannot be.
    #[error("{table}.{column} holds what it cannot hold")]
    Impossible {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The server is not ready for this yet.
    #[error("{0}")]
    NotReady(&'static str),
}

impl Internal {
    /// Whether trying again in a moment may help: 503 instead of 500.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::NotReady(_) => true,
            Self::Database(error) | Self::Audit(polder_audit::Error::Database(error)) => error.is_temporary(),
            _ => false,
        }
    }
}

/// Lets `?` turn every inner error into the boundary error `$target`.
macro_rules! from_internal {
    ($target:ty) => {
        impl From<polder_db::Error> for $target {
            fn from(error: polder_db::Error) -> Self {
                Self::from($crate::error::Internal::from(error))
            }
        }
        impl From<polder_crypto::SealError> for $target {
            fn from(error: polder_crypto::SealError) -> Self {
                Self::from($crate::error::Internal::from(error))
            }
        }
        impl From<polder_crypto::KeyError> for $target {
            fn from(error: polder_crypto::KeyError) -> Self {
                Self::from($crate::error::Internal::from(error))
            }
        }
        impl From<polder_audit::Error> for $target {
            fn from(error: polder_audit::Error) -> Self {
                Self::from($crate::error::Internal::from(error))
            }
        }
        impl From<serde_json::Error> for $target {
            fn from(error: serde_json::Error) -> Self {
                Self::from($crate::error::Internal::from(error))
            }
        }
    };
}
pub(super) use from_internal;

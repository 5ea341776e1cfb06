//! Why the program does not start: one line that says what to do.

use crate::error::Internal;

/// Why the program does not start.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The database.
    #[error("{0}")]
    Database(#[from] polder_db::Error),
    /// The seal key is not the one the database was made with.
    #[error("the seal key does not open this database: give the key file it was created with")]
    SealKey,
    /// The database belongs to another issuer.
    #[error("this database belongs to issuer {stored}: start with --issuer {stored}, or with another --data folder")]
    OtherIssuer {
        /// The issuer it was made for.
        stored: String,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

impl From<Internal> for Refused {
    fn from(error: Internal) -> Self {
        match error {
            Internal::Database(error) => Self::Database(error),
            Internal::Seal(_) => Self::SealKey,
            other => Self::Other(other.to_string()),
        }
    }
}

impl From<polder_audit::Error> for Refused {
    fn from(error: polder_audit::Error) -> Self {
        match error {
            polder_audit::Error::Database(error) => Self::Database(error),
            polder_audit::Error::Seal(_) => Self::SealKey,
            other => Self::Other(other.to_string()),
        }
    }
}

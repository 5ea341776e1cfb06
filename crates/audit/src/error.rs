//! What can go wrong around the log.

use polder_crypto::{KeyError, SealError};

/// A failed operation on the audit log.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error(transparent)]
    Database(#[from] polder_db::Error),
    /// Something sealed does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The checkpoint key cannot be made, read or used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A stored checkpoint was not signed by this log's key: the chain must not be shortened up to it.
    #[error("checkpoint {seq} of chain {chain} is not signed by this log's key")]
    Checkpoint {
        /// The checkpoint's chain.
        chain: i64,
        /// The checkpoint's number.
        seq: i64,
    },
    /// The details of an event are not JSON.
    #[error("the details of event {seq} of chain {chain} are not JSON")]
    Details {
        /// The event's chain.
        chain: i64,
        /// The event's number.
        seq: i64,
    },
}

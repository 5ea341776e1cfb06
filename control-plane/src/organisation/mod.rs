//! An organisation's own affairs: its members, invitations to become one, its name. What the console and the
//! public API offer is done here, once for both.
//!
//! ```text
//! invite ─> invitation (open, 7 days) ─┬─> accepted by whoever proves the invited address ─> member
//!                                      ├─> sent again: another link, the one before is dead
//!                                      └─> revoked, or run out
//! member ─> another role ─> removed, or leaves: their sessions end. The last owner stays one.
//! ```

pub mod access;
pub mod access_over;
pub mod by;
pub mod invitations;
pub mod keys;
pub mod mail;
pub mod members;
pub mod name;
pub mod sign_up;
pub mod trail;

pub use by::{Authority, By};

use std::time::Duration;

use polder_crypto::SealError;
use polder_db::Error;

/// Why nothing was done.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// There is no such member or invitation here.
    #[error("there is none")]
    Unknown,
    /// Nobody gives, or takes away, a role that holds more than their own.
    #[error("the role holds more than one's own")]
    AboveOwn,
    /// The organisation would be without an owner.
    #[error("an organisation keeps an owner")]
    LastOwner,
    /// The address is a member's.
    #[error("this address is a member's")]
    AlreadyMember,
    /// There is an open invitation for the address.
    #[error("this address is invited already")]
    AlreadyInvited,
    /// There are as many as there can be.
    #[error("the organisation is full")]
    Full,
    /// It was sent just now, or too many were.
    #[error("too many mails")]
    TooManyMails(Duration),
    /// Not a name: the longest it may be, in characters.
    #[error("not a name")]
    Name(usize),
    /// Not the rights of a key: the member that is wrong, as a JSON pointer.
    #[error("not the rights of a key")]
    Rights(String),
    /// A key makes none that may do more than itself.
    #[error("a key gives no rights that it does not have")]
    RightsAboveOwn,
    /// There are as many living keys as there can be.
    #[error("there are as many keys as there may be: revoke one that nobody uses")]
    TooManyKeys,
    /// A key that ended stays so.
    #[error("a key that ended is not changed: make another one")]
    Expired,
    /// The database failed.
    #[error(transparent)]
    Database(#[from] Error),
    /// Something was sealed under another key.
    #[error(transparent)]
    Seal(#[from] SealError),
}

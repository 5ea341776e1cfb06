//! `/account/passkeys`: a person's passkeys, to add, name, remove and bring back. Changes need a proof
//! that is not older than ten minutes; without one the person signs in again first (C26).
//!
//! An e-mail code is proof enough to take a passkey out of use, since it is all that somebody with a
//! lost device has. It cannot delete one: for two weeks it can be brought back, and a mail says so.

mod change;
mod list;

pub use change::{accept, confirm, options, remove, rename, restore};
pub use list::show;

/// The page.
pub const PATH: &str = "/account/passkeys";

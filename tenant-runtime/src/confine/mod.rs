//! What the program takes from itself before it serves, so that whoever breaks into it has little: done by
//! `main` while there is one thread, since threads that are there already would keep what this one gives up.
//!
//! ```text
//! own spaces ──> own user ──> no capabilities ──> no new privileges ──> Landlock ──> system calls ──> serve
//! (what exists)  (if root)    (in any space)      (nor traced)         (what may      (what may be
//!                                                                       be opened)     asked of the kernel)
//! ```
//!
//! Each layer holds by itself: files of others are not there, are another user's, and may not be opened.
//! What the kernel does not offer is reported as missing ([`Measure`]); what it offers and then fails stops
//! the start. What stays open follows from the settings alone ([`Reach`]): a tenant that speaks over Unix
//! sockets only has no network, one that listens on TCP keeps the ports it was given.

mod landlock;
mod mounts;
mod reach;
mod rights;
mod spaces;
mod system_calls;

use std::io;

pub use polder_tenant_api::Measure;
pub use reach::{Reach, User};

use crate::startup::Refused;

/// Takes from this process everything that `reach` does not name. To be called while it has one thread.
///
/// # Errors
/// In one line, when the kernel offers a measure and it fails.
pub fn confine(reach: &Reach) -> Result<Vec<Measure>, Refused> {
    let mut measures = Vec::new();
    rights::no_core_dumps(&mut measures)?;
    spaces::enter(reach, &mut measures)?;
    rights::narrow(reach);
    if let Some(user) = reach.user {
        rights::become_user(user, &mut measures)?;
    }
    rights::give_up(reach, &mut measures)?;
    landlock::restrict(reach, &mut measures)?;
    system_calls::restrict(reach, &mut measures)?;
    Ok(measures)
}

/// A measure that the kernel offers and that failed.
fn failed(what: &str) -> impl FnOnce(io::Error) -> Refused {
    let what = what.to_owned();
    move |error| Refused::Other(format!("cannot confine itself: {what}: {error}"))
}

//! Telling applications that a session ended, server to server (OpenID Connect Back-Channel Logout 1.0).
//!
//! ```text
//! session ends ──same unit of work──> logout_delivery ──bell──> job ──POST──> 2xx: delivered
//!                                                               └──anything else──> later ──a day──> failed
//! ```
//!
//! At least once: a delivery is done when it is noted so, and a program that ends in between delivers again.
//! Each attempt carries a token of its own, so that an application that refuses to see one twice takes the
//! next. A session that only ran out tells nobody: applications have times of their own.

mod bell;
mod deliver;
mod token;

pub use bell::{Bell, Queued};
pub use deliver::deliver;

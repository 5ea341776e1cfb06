//! Second factors: an authenticator app (P4, D14 to D16) and recovery codes that stand in for it (D17).
//!
//! ```text
//! set up: secret shown ──code of the app──> in force ──fresh, strong sign-in──> replaced or removed
//! use:    first factor proved ──code, or recovery code, once──> session of two factors
//! ```
//!
//! Tries are counted before anything is compared, durably, per person and factor. Only somebody who has
//! proved the first factor gets to try, so a stranger can make nobody wait.

pub mod lost;
pub mod recovery;
pub mod since;
pub mod slow;
pub mod totp;
pub mod tries;

/// What a try came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It is the code, and it is used up now.
    Right,
    /// It is not, or it was used before.
    Wrong,
    /// It came too soon after too many wrong ones, and was not looked at.
    Wait {
        /// When to try again.
        retry_after: std::time::Duration,
    },
}

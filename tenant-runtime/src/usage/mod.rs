//! Who uses the tenant (K12). `docs/usage.md` is the published definition; this is where it is counted.
//!
//! ```text
//! sign-in, answer to an application, refreshed token
//!   └─ Here::of: not counted today? ──> one statement in the unit of work that is there
//!        └─ new today: day + 1     new this month: month + 1
//! month over ──> close: counted anew from the days of persons, compared, fixed
//! ```

mod attention;
mod close;
mod here;
mod report;

pub use attention::attention;
pub use close::{close_due, recount};
pub use here::{Counted, Here, forget_person};
pub use report::report;

use polder_db::{Error, Tx};
use polder_kernel::{Day, Timestamp};
use polder_tenant_api::AttemptOutcome;

use crate::model::Method;
use crate::store::usage;

/// Counts a completed sign-in by what it began with.
///
/// # Errors
/// When the database fails.
pub async fn signed_in(tx: &mut Tx, methods: &[Method], now: Timestamp) -> Result<(), Error> {
    let what = match methods.first() {
        Some(Method::Connection { .. }) => "connection",
        Some(Method::EmailCode) => "email_code",
        Some(Method::Passkey { .. }) => "passkey",
        // Only ever after another.
        Some(Method::AuthenticatorApp | Method::RecoveryCode) | None => return Ok(()),
    };
    usage::add(tx, Day::of(now), what, 1).await
}

/// Counts a sign-in that failed with an outside provider.
///
/// # Errors
/// When the database fails.
pub async fn connection_failed(tx: &mut Tx, now: Timestamp) -> Result<(), Error> {
    usage::add(tx, Day::of(now), "failed_connection", 1).await
}

/// Counts an attempt that failed.
///
/// # Errors
/// When the database fails.
pub async fn failed(tx: &mut Tx, outcome: AttemptOutcome, now: Timestamp) -> Result<(), Error> {
    let what = match outcome {
        AttemptOutcome::CodeWrong => "failed_email_code",
        AttemptOutcome::SecondStepWrong => "failed_second_step",
        AttemptOutcome::PasskeyRefused => "failed_passkey",
        // Nobody has tried to prove anything.
        AttemptOutcome::CodeSent
        | AttemptOutcome::SignedIn
        | AttemptOutcome::AskedForWork
        | AttemptOutcome::TooMany
        | AttemptOutcome::Blocked => return Ok(()),
    };
    usage::add(tx, Day::of(now), what, 1).await
}

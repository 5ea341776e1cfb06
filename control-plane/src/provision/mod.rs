//! Provisioning: brings each tenant from what is there to what is wanted, step by step.
//!
//! ```text
//! create ──> tenant row + operation (one transaction) ──> runner
//!                                                           │ observe ─> plan::next ─> journal ─> perform ─┐
//!                                                           └──────────────────────────────────────────────┘
//! change ──> transition::next ─> tenant row + operation + audit entry (one transaction) ──> the same runner
//! timers ──> idle too long: sleep; its own work due: wake; grace over: destroy
//! killed anywhere ──> next start: resume ──> the same runner, which looks again and goes on
//! ```

pub mod certificate;
pub mod change;
mod clear;
mod contents;
pub mod create;
pub mod desired;
pub mod destroy;
pub mod disk;
pub mod idle;
pub mod journal;
mod listening;
pub mod lookalike;
pub mod news;
pub mod observe;
pub mod own_applications;
pub mod plan;
pub mod resume;
pub mod runner;
mod start;
pub mod steps;
pub mod timers;
pub mod transition;

#[cfg(test)]
pub(crate) mod tests;

pub use change::{ChangeError, change, set_idle, settled};
pub use create::{CreateError, NewTenant, create};
pub use news::events;
pub use own_applications::{OwnApplication, own_application};
pub use runner::Provision;
pub use transition::{Action, GRACE_DAYS, Illegal};

//! Provisioning: brings each tenant from what is there to what is wanted, step by step.
//!
//! ```text
//! create ──> tenant row + operation (one transaction) ──> runner
//!                                                           │ observe ─> plan::next ─> journal ─> perform ─┐
//!                                                           └──────────────────────────────────────────────┘
//! killed anywhere ──> next start: resume ──> the same runner, which looks again and goes on
//! ```

pub mod create;
pub mod desired;
pub mod journal;
pub mod news;
pub mod observe;
pub mod own_applications;
pub mod plan;
pub mod resume;
pub mod runner;
pub mod steps;

#[cfg(test)]
pub(crate) mod tests;

pub use create::{CreateError, NewTenant, create};
pub use news::events;
pub use own_applications::{OwnApplication, own_application};
pub use runner::Provision;

//! The process driver: one child process per tenant, needing neither root nor Docker.
//!
//! ```text
//!            start                    answers                 dies
//!  stopped ─────────> running(pid) ───────────> running ──────────────> backing off
//!     ^                  │                                                  │ pause, doubling
//!     └──────────────────┴── stop: lifeline closed, SIGTERM, SIGKILL <──────┘ -> running(pid)
//! ```
//!
//! A child gets a cleared environment, resource limits, no new privileges and a lifeline: its
//! standard input is a pipe that only the control plane holds, so that it ends when the control
//! plane does, however that dies. A note per child lets the next start end what still lives.

pub mod child;
pub mod limits;
pub mod note;
pub mod output;
pub mod supervisor;

pub use child::Child;
pub use supervisor::{Health, Supervisor};

//! How long things are kept: one rule per table that grows, run daily, each run in the log (P12, P13).

mod audit;
mod rule;
mod run;
mod schedule;

pub use audit::Pruned;
pub use rule::Rule;
pub use run::{Report, Schedule, Swept, run, run_if_due};
pub use schedule::next_run;

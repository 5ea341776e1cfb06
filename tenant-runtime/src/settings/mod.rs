//! What the program is told at its start.

mod cli;
mod issuer;
mod lifetimes;

pub use cli::{AddApplication, Admin, ApplicationTask, Cli, LogFormat, Migrate, Serve, Store, Task};
pub use issuer::{Issuer, NotAnIssuer};
pub use lifetimes::Lifetimes;

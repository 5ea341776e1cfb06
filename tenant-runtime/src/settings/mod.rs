//! What the program is told at its start.

mod cli;
mod issuer;
mod lifetimes;

pub use cli::{AddApplication, Admin, ApplicationCommand, Cli, Command, LogFormat, Serve, Store};
pub use issuer::{Issuer, NotAnIssuer};
pub use lifetimes::Lifetimes;

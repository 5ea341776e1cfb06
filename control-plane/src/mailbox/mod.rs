//! The mailbox of `polder dev`: mail that tenants sent, one file each, for people and for tests.

pub mod pages;
pub mod router;
pub mod store;

pub use store::{Letter, Mailbox, Message};

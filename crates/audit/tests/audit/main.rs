//! The log against real databases: SQLite always, PostgreSQL where the tests are given one.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod chain;
mod checkpoints;
mod exported;
mod guard;
mod listing;
mod page;
mod retention;
mod support;

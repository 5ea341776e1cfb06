//! The only user of sqlx: one small concrete type over SQLite and PostgreSQL.
//!
//! ```text
//! Db::read()  -> Tx                a pooled connection; every statement sees the newest committed state
//! Db::write(|tx| …) -> T           one unit of work, durable when it returns
//!
//!   unit ──┐                               ┌─> answer
//!   unit ──┼─> queue ─> writer: BEGIN      ├─> answer
//!   unit ──┘     SAVEPOINT, work, keep ─┐  │
//!                SAVEPOINT, work, undo ─┼──┤ tail statements, COMMIT: once for all that gathered
//!                SAVEPOINT, work, keep ─┘  │
//! ```
//!
//! One connection writes, on both databases. A unit of work runs in the writer's task, never in the
//! caller's future, so a dropped request leaves nothing open. While a commit waits for the disk the
//! next units queue up and share the following one; nothing is ever delayed on purpose.
//!
//! The SQL is the same text for both databases; `migrations/README.md` has the rules.

mod commit;
mod connection;
mod db;
mod error;
mod guard;
pub mod list;
mod location;
mod migrate;
mod postgres;
mod readers;
mod rights;
mod row;
pub mod server;
mod sqlite;
mod statement;
mod tail;
pub mod testing;
mod tx;
mod unit;
mod value;
mod writer;

pub use db::Db;
pub use error::Error;
pub use futures_util::future::BoxFuture;
pub use guard::AuditGuard;
pub use location::{Location, NotALocation};
pub use migrate::{Migration, fingerprint};
pub use rights::{Name, NotAName};
pub use row::Row;
pub use tail::Tail;
pub use tx::Tx;
pub use value::Value;

/// Arguments of a statement, in the order of `$1…$n`: `tx.execute("…", &args![id, now])`.
#[macro_export]
macro_rules! args {
    ($($value:expr),* $(,)?) => { [$($crate::Value::from($value)),*] };
}

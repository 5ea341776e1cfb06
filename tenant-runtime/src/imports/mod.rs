//! Many people at once: a file is read and checked wholly ([`file`]), kept sealed, and dealt with in small units of work
//! behind everybody's requests ([`work`]). What was dealt with is counted in the unit that did it, so that a restart
//! goes on exactly where it was.

pub mod file;
pub mod row;
pub mod work;

pub use row::Row;

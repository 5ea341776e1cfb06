//! Finding people by part of a name or address, although both are sealed at rest.
//!
//! A keyed hash finds a whole address and nothing else, and whatever could find parts of one at rest (sorted or
//! hashed pieces) gives names away to whoever holds a copy of the database. So what is searched is in this process's
//! memory alone ([`index`]): built when somebody looks at the list of people, kept current by what each commit says
//! it changed ([`changed`]), dropped when nobody searched for ten minutes ([`finder`]). What is found is read from the
//! database again before it is shown.

pub mod changed;
pub mod finder;
pub mod fold;
pub mod index;

pub use changed::{Changed, Touched};
pub use finder::Finder;

//! SQL as free functions; people's data sealed and found by keyed hash.

pub mod data_keys;
pub mod engagements;
pub mod members;
pub mod sessions;

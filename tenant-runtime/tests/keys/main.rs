//! Rotation of signing keys, data keys and the seal key, on both databases, with a clock that tests move
//! and a process that ends between any two steps.

#![cfg(test)]

#[expect(dead_code, reason = "the suite of the endpoints uses all of it")]
#[path = "../support/mod.rs"]
mod support;

mod data;
mod seal;
mod signing;

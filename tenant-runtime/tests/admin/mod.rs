//! The admin API: who may call it, and what it does.

mod apis;
mod audit_chain;
pub mod caller;
mod connections;
mod imports;
mod keys;
mod messages;
mod people;
mod person;
mod races;
mod refusals;
mod registration;
mod resources;
mod sorting;
mod staff_access;
mod standing;
mod strange_input;
mod try_outs;

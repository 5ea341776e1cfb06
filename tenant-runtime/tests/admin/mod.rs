//! The admin API: who may call it, and what it does.

mod apis;
pub mod caller;
mod connections;
mod keys;
mod races;
mod refusals;
mod registration;
mod resources;
mod staff_access;
mod standing;
mod strange_input;

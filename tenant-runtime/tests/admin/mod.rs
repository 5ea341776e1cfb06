//! The admin API: who may call it, and what it does.

mod caller;
mod refusals;
mod resources;

//! The whole product with its real programs: what a newcomer, a client and an attacker would do.

mod abuse;
mod accessibility;
mod account;
mod accounts;
mod bad_input;
mod coaching;
mod confinement;
mod console;
mod crash;
mod docker;
mod escape;
mod faults;
mod isolation;
mod life;
mod minting;
mod nothing_leaks;
mod passkeys;
mod places;
mod policies;
mod postgres;
mod providers;
mod public_api;
mod races;
mod sign_in;
mod walk;

//! What stands before the sign-in: how many codes may be sent and guessed, and answers whose time
//! tells nothing.
//!
//! These counters are durable: a restart resets nothing. Burst limits, which only smooth load, live in
//! memory (`limits`). Neither asks whether an address is known, so neither can tell (D10).

pub mod budget;
pub mod known;
pub mod network;
pub mod pace;

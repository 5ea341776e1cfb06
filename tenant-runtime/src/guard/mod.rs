//! What stands before the sign-in: how many codes may be sent and guessed, what more is asked for when a lot
//! goes on, and answers whose time tells nothing.
//!
//! ```text
//! form ─> blocklist ─> tells ─> budget ─> risk ─> a code
//!           403                  429      proof of work, or a wait
//! ```
//!
//! These counters are durable: a restart resets nothing. Burst limits, which only smooth load, live in
//! memory (`limits`). None asks whether an address is known, so none can tell (D10). Nothing of this
//! stands before a passkey.

pub mod attempts;
pub mod blocklist;
pub mod budget;
pub mod known;
pub mod lockout;
pub mod network;
pub mod pace;
pub mod place;
pub mod proof;
pub mod risk;
pub mod tells;

//! The gateway: a reverse proxy that finds a tenant by `Host` and speaks to it over its Unix socket.
//!
//! ```text
//! request ─> host::site ─┬─> console, mailbox: routers of ours
//!                        ├─> tenant: its turn (fair) ─> headers::inbound ─> upstream (pooled) ─> headers::outbound
//!                        ├─> asleep: wake::hold, then as above; suspended: discovery and keys alone
//!                        └─> 421 or 400: one neutral page, the same for unknown and disabled (G07)
//! ```

pub mod fair;
pub mod headers;
pub mod host;
pub mod pages;
pub mod pool;
pub mod proxy;
pub mod routes;
pub mod socket;
pub mod wake;

#[cfg(test)]
mod tests;

pub use host::{Refused, Site};
pub use routes::{InUse, Route, Routes, Target, WayState};
pub use wake::{NotAwake, Waker};

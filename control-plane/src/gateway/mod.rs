//! The gateway: a reverse proxy that finds a tenant by `Host` and speaks to it over its Unix socket.
//!
//! ```text
//! request ─> host::site ─┬─> console, mailbox: routers of ours
//!                        ├─> tenant: headers::inbound ─> upstream (pooled) ─> headers::outbound
//!                        └─> 421 or 400: one neutral page, the same for unknown and disabled (G07)
//! ```

pub mod headers;
pub mod host;
pub mod pages;
pub mod pool;
pub mod proxy;
pub mod routes;
pub mod socket;

#[cfg(test)]
mod tests;

pub use host::{Refused, Site};
pub use routes::{Route, Routes};

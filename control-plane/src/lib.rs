//! `polder`: the control plane. It makes tenants, keeps their processes alive, and passes each
//! request on to the tenant its host name belongs to. It holds no tenant's keys or people.
//!
//! ```text
//! main ─> cli ─> dev ─┬─ preflight: one clear line for whatever is wrong
//!                     ├─ app: everything wired
//!                     ├─ router: console, mailbox, tenants (gateway)
//!                     ├─ provision: plan ─> step ─> journal, until all is there
//!                     └─ driver: children, kept alive and ended in order
//! ```

pub mod administer;
pub mod api;
pub mod app;
pub mod audit;
pub mod cli;
pub mod console;
pub mod courier;
pub mod credentials;
pub mod custody;
pub mod dev;
pub mod door;
pub mod driver;
pub mod egress;
pub mod gateway;
pub mod isolation;
pub mod layout;
pub mod mailbox;
pub mod model;
pub mod operator;
pub mod organisation;
pub mod pace;
pub mod places;
pub mod postgres;
pub mod provision;
pub mod retention;
pub mod router;
pub mod secret_store;
pub mod secrets;
pub mod settings;
pub mod sheet;
pub mod store;
pub mod tenant_client;
pub mod tenant_socket;
pub mod told;
pub mod usage;

#[cfg(test)]
pub(crate) mod testing;

pub use app::App;

//! The public API, `{console}/api/v1`.
//!
//! ```text
//! request ─> admit: key ─> what it may do ─> how often ─> said before? ─> still so? ─> handler ─> administer ─> tenant
//!            401           403               429          replay, 409, 422  304, 412    404, 409, 422 …
//! ```
//!
//! Its OpenAPI document is made from the handlers; errors are problem documents (RFC 9457).

use std::sync::Arc;

use crate::app::App;

pub mod admit;
pub mod api_keys;
pub mod apis;
pub mod application_errors;
pub mod application_secrets;
pub mod applications;
pub mod audit_events;
pub mod blocklists;
pub mod branding;
pub mod caller;
pub mod conditional;
pub mod connections;
pub mod egress;
pub mod error;
pub mod events;
pub mod idempotency;
pub mod import_events;
pub mod input;
pub mod invitations;
pub mod invitees;
pub mod keys;
pub mod life;
pub mod lockouts;
mod logout_deliveries;
pub mod members;
pub mod messages;
pub mod metadata;
mod objects;
pub mod openapi;
pub mod organisation;
pub mod passkeys;
pub mod people_files;
pub mod person;
pub mod problems;
pub mod profile_fields;
pub mod rates;
pub mod registration_tokens;
pub mod router;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
pub mod staff_access;
pub mod tenants;
mod turns;
pub mod usage;
pub mod users;
pub mod within;

#[cfg(test)]
pub(crate) mod tests;

pub use caller::Caller;
pub use error::ApiError;
pub use router::router;

/// What the API needs besides the control plane itself.
pub struct Api {
    /// The control plane.
    pub app: Arc<App>,
    /// How often each key and each stranger may ask.
    pub rates: rates::Rates,
}

//! The internal admin API, served on `admin.sock` to the control plane alone.
//!
//! `GET /health` is open to whoever holds the socket. Everything else carries an assertion: a token of
//! the control plane's, for this tenant, this request and one use ([`assertion`]). There is no call
//! that imports keys, creates sessions or signs anybody in.

mod addresses;
pub mod apis;
pub mod application_errors;
pub mod application_secrets;
pub mod applications;
pub mod assertion;
pub mod audit_events;
pub mod blocklists;
pub mod branding;
pub mod caller;
pub mod connected_accounts;
pub mod connecting;
pub mod connections;
pub mod factors;
pub mod health;
pub mod imports;
pub mod input;
pub mod invitation;
pub mod invitees;
pub mod keys;
pub mod lockouts;
pub mod logout_deliveries;
pub mod messages;
pub mod passkeys;
pub mod people;
pub mod person;
mod preferences;
pub mod profile_fields;
pub mod registration;
pub mod registration_tokens;
pub mod sessions;
pub mod settings;
pub mod sign_in_attempts;
mod sorted;
pub mod staff_access;
pub mod standing;
pub mod try_outs;
pub mod usage;
pub mod user_applications;
pub mod users;
pub mod views;
mod whole;

pub use assertion::require;
pub use caller::Caller;
pub(crate) use whole::to_the_end;

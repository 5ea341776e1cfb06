//! The console: pages for the people of an organisation, and an ordinary relying party of the tenant
//! `platform`, where they sign in.
//!
//! ```text
//! request ─> dress: language, error pages ─┬─> /, /signin, /invitation, /assets: open to everyone
//!                                          └─> guard: session ─> role ─> (POST: origin, CSRF) ─> handler ─> administer
//! ```
//!
//! Every page behind the guard is on one page, [`router`], with what its visitor must be allowed to do.

use std::sync::Arc;

use polder_service::cookies::Policy;
use polder_service::limit::Limits;

use crate::app::App;

pub mod address;
mod api_keys;
pub mod apis;
pub mod application_errors;
pub mod applications;
pub mod assets;
pub mod audit;
pub mod blocklists;
pub mod branding;
pub mod callback;
pub mod connections;
pub mod dress;
pub mod egress;
pub mod fault;
pub mod fields;
pub mod general;
pub mod guard;
pub mod home;
pub mod in_tenant;
pub mod invitation;
pub mod keys;
pub mod life;
pub mod lockouts;
pub mod logouts;
pub mod members;
pub mod messages;
pub mod oidc;
pub mod organisation;
pub mod people;
pub mod people_search;
pub mod person;
pub mod person_form;
pub mod policies;
pub mod problem_kinds;
mod problems;
pub mod profile_fields;
pub mod progress;
pub mod reference;
pub mod registration;
pub mod router;
pub mod search;
pub mod show;
pub mod sign_up;
pub mod signed_in;
pub mod signin;
pub mod signout;
pub mod tenants;
pub mod trail;
mod undo;

pub mod try_out;
pub mod upload;
pub mod usage;
pub mod user_imports;
pub mod visit;

#[cfg(test)]
mod tests;

pub use fault::Fault;
pub use router::router;
pub use signed_in::SignedIn;
pub use visit::Visit;

/// What the console needs besides the control plane itself.
pub struct Console {
    /// The control plane.
    pub app: Arc<App>,
    /// The tenant `platform`, as a relying party sees it.
    pub provider: oidc::Provider,
    /// How cookies are named and marked.
    pub cookies: Policy,
    /// Limits on what strangers can do.
    pub limits: Limits,
    /// The console's own address.
    pub base: String,
}

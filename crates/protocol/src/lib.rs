//! OAuth 2 and OpenID Connect as values and rules.
//!
//! Nothing here reads a socket, a database or a clock: requests come in as [`Params`], time as a
//! [`Timestamp`](polder_kernel::Timestamp), and what goes out is a value that the caller turns into a response.
//!
//! ```text
//! /authorize   Params ─ client_id ─ Identified ─ CHECKS ─> Request ─ (sign-in) ─> ReturnTo::code
//!                  │          │             │
//!                  └─ NoRedirect: a page    └─ Redirect: back to the verified redirect_uri
//!
//! /token       client_auth::parse ─ pinned ─ token::Request ─┬ authorization_code::check ─┐
//!                                                            ├ refresh::decide           ├─> token::Response
//!                                                            └ client_credentials::scope ┘
//! ```
//!
//! Only a request whose client and redirect URI were verified has a [`ReturnTo`](authorize::ReturnTo),
//! and only a `ReturnTo` can make the address of a redirect.

pub mod authorize;
pub mod bearer;
pub mod claims;
pub mod client;
pub mod client_auth;
pub mod device;
pub mod dpop;
pub mod error;
pub mod introspect;
mod jwt_times;
pub mod logout;
pub mod metadata;
pub mod par;
pub mod params;
pub mod pkce;
pub mod profile;
pub mod protected_resource;
pub mod redirect_uri;
pub mod refresh;
pub mod registration;
pub mod request_object;
pub mod resource;
pub mod revoke;
#[cfg(test)]
mod sample;
pub mod scope;
pub mod token;

pub use client::{ApplicationType, AuthMethod, Client, GrantType, Insists};
pub use error::{Error, ErrorCode};
pub use params::{Fault, Params};
pub use profile::Profile;
pub use redirect_uri::RedirectUri;
pub use scope::Scope;

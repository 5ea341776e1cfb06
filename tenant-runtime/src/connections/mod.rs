//! Connections: outside identity providers, of which this tenant is a client.
//!
//! ```text
//! sign-in page ─> begin: state, nonce, PKCE sealed in this browser ─> provider ─┐
//!                                                                              │ query, or a form
//!   session <─ known by (connection, iss, sub) <─ redeem: code, ID token, checks <─ callback
//!      ^                     │ nobody's yet
//!      │                     v
//!      └── connect <── the person proves by code or passkey who they are
//! ```
//!
//! A provider's word signs in whoever was connected to it before, and nobody else: an address it tells,
//! proved or not, opens no account that is there (B100). Where it is itself the authority for the address,
//! and nobody has it here, it may make a new account if strangers may sign up.
//!
//! | file | |
//! | --- | --- |
//! | [`attempt`] | what the answer must match, sealed in the browser that began |
//! | [`begin`], [`redeem`] | to the provider and back |
//! | [`discovery`] | what a provider says of itself, and its keys, cached |
//! | [`id_token`], [`userinfo`] | who it says it is, checked |
//! | [`identity`], [`authority`] | what of that counts |
//! | [`apple`] | the assertion that Apple takes for a secret |
//! | [`tokens`], [`revoke`] | tokens that are kept and refreshed, and what a provider is told when they are not needed |
//! | [`registry`] | the connections in memory |

pub mod answer;
pub mod apple;
pub mod attempt;
pub mod authority;
pub mod begin;
pub mod client;
pub mod discovery;
pub mod id_token;
pub mod identity;
pub mod problem;
pub mod redeem;
pub mod registry;
pub mod revoke;
pub mod tokens;
pub mod userinfo;

pub use problem::Problem;
pub use registry::Connections;

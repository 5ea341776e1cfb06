//! The platform as a relying party: it knows an issuer and two applications, nothing else of Polder.
//!
//! ```text
//! begin ──> authorization endpoint ──> callback ──> tokens ──> userinfo ──> Identity
//!   attempt cookie (sealed): state, nonce, verifier
//! ```

mod attempt;
mod provider;

pub use attempt::Attempt;
pub use provider::{Identity, OidcError, Provider, Tokens};

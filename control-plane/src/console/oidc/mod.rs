//! The console as a relying party of the tenant `platform`.
//!
//! ```text
//! begin ──> authorization endpoint ──> callback ──> tokens ──> userinfo ──> Identity
//!   attempt cookie (sealed): state, nonce, verifier, where to go on
//! ```

mod attempt;
mod error;
mod provider;
mod tokens;

pub use attempt::{Attempt, Claim, LIFETIME};
pub use error::OidcError;
pub use provider::{Identity, Provider, Wish};
pub use tokens::Tokens;

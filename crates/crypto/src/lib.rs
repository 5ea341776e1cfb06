//! Everything that holds or uses a key: sealing columns by category, keyed hashes, signing keys, JWTs.
//!
//! ```text
//! seal key (file) ──wraps──> data keys, one per category ──seal──> columns, cookies
//!                                   │ Index: keyed hashes, derived tokens
//!                                   └ AuditDetails ──wraps──> one key per person
//! signing key ──sign_jwt──> token ──Verifier (JWKS)──> claims
//! what an application signed ──ForeignKeys (its JWKS), or the key inside──> claims
//! ```
//!
//! `ring`, `argon2`, `aws-lc-rs` and `jsonwebtoken` are used here and nowhere else. Nothing in this crate prints a key.

pub mod category;
mod cipher;
pub mod foreign;
pub mod hash;
pub mod jwk;
pub mod jwt;
pub mod keyring;
pub mod own_key;
pub mod person;
pub mod scram;
pub mod seal;
pub mod signing;
pub mod slow_hash;
pub mod strict_json;
pub mod totp;

pub use category::Category;
pub use foreign::{Foreign, ForeignKeys, JwksError};
pub use hash::{constant_time_eq, sha256};
pub use jwk::{Jwk, Jwks, PublicKey};
pub use jwt::{Header, JwtError, Verified, Verifier};
pub use keyring::Keyring;
pub use own_key::verify_by_own_key;
pub use person::PersonKey;
pub use seal::{SealError, SealKey, WrappedKey};
pub use signing::{Algorithm, KeyError, SigningKey};
pub use slow_hash::slow_hash;
pub use totp::TotpSecret;

//! The endpoints client libraries talk to.
//!
//! Each file is one endpoint or one thing several of them share. The rules themselves are in
//! `polder-protocol`; here they meet the database, the keys and HTTP.

pub mod applications;
mod assertion;
pub mod authorize;
pub mod client;
pub mod client_keys;
mod continuation;
pub mod cors;
pub mod device_authorization;
pub mod documents;
pub mod dpop;
pub mod end_session;
pub mod introspect;
pub mod json;
pub mod jwks;
pub mod keys;
pub mod once;
pub mod opaque;
pub mod par;
pub mod person;
pub mod protected_resource;
pub mod register;
pub mod revoke;
pub mod standing;
pub mod subject;
pub mod token;
pub mod token_cache;
pub mod try_out;
pub mod userinfo;
pub mod verify;
pub mod well_known;

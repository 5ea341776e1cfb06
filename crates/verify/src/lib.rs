//! What an API does with the access tokens it is sent: checks them, and says what is missing.
//!
//! A [`Guard`] knows one issuer and the audience of one API. It finds the issuer's keys by discovery, keeps them,
//! and follows their rotation.
//!
//! ```text
//! Authorization, DPoP ──> Guard::check ─┬ JWT: signature, typ, iss, aud, times (RFC 9068, 4) ─┐
//!                                       ├ opaque: asks the issuer (RFC 7662)                  ├─> Token
//!                                       └ bound to a key: its proof, once (RFC 9449, 7.1)    ─┘
//! Token::require_scope, Token::require_sign_in ──> or 403 insufficient_scope, 401 insufficient_user_authentication
//! ```
//!
//! With axum, [`Authorized`] is the token of a request, and a refusal is an answer that clients understand:
//!
//! ```no_run
//! use axum::{Router, extract::FromRef, routing::get};
//! use polder_verify::{Authorized, Guard, Refused, SignIn};
//! use std::time::Duration;
//!
//! #[derive(Clone)]
//! struct Shop {
//!     guard: Guard,
//! }
//!
//! impl FromRef<Shop> for Guard {
//!     fn from_ref(shop: &Shop) -> Self {
//!         shop.guard.clone()
//!     }
//! }
//!
//! async fn orders(Authorized(token): Authorized) -> Result<String, Refused> {
//!     token.require_scope("orders:read")?;
//!     Ok(format!("the orders of {}", token.claims().sub))
//! }
//!
//! // Step-up (RFC 9470): whoever deletes an account signed in with a passkey, five minutes ago at most.
//! async fn delete(Authorized(token): Authorized) -> Result<&'static str, Refused> {
//!     token.require_sign_in(SignIn { acr_values: &["urn:polder:acr:passkey"], max_age: Some(Duration::from_secs(300)) })?;
//!     Ok("deleted")
//! }
//!
//! # fn main() -> Result<(), polder_verify::Unusable> {
//! let guard = Guard::new("https://acme.example", "https://api.acme.example")?;
//! let app: Router = Router::new().route("/orders", get(orders)).route("/account", get(delete)).with_state(Shop { guard });
//! # drop(app);
//! # Ok(())
//! # }
//! ```
//!
//! `examples/api.rs` is a whole one. What a token says is as old as the token: an API that must see a revocation
//! at once asks the issuer each time ([`Guard::asking_always`]).
//!
//! A relying party that keeps sessions of its own hears of their end through [`Provider::logout_token`] (OpenID
//! Connect Back-Channel Logout 1.0).

mod access_token;
mod authorized;
mod backoff;
mod discovery;
mod dpop;
mod guard;
mod http_client;
mod introspection;
mod logout_token;
mod provider;
mod refused;
mod replay;
mod sign_in;
mod token;

pub use access_token::{Audience, Claims, Confirmation};
pub use authorized::Authorized;
pub use guard::{Guard, Presented};
pub use logout_token::{LoggedOut, LogoutRefused};
pub use provider::{Provider, Unusable};
pub use refused::{Problem, Refused};
pub use sign_in::SignIn;
pub use token::Token;

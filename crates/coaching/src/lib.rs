//! A coaching platform: the first relying party, and an example of one.
//!
//! Coaches sign in at `/coach`, clients at `/portal`: two applications of one tenant with different
//! rules (P1). A coach invites a client by e-mail; whoever signs in at the portal with the invited
//! address is linked, and one portal account can be linked to several coaches (P2). The platform is an
//! ordinary OpenID Connect client that knows an issuer and two sets of credentials. Tokens stay on the
//! server, sealed, and are refreshed there.

mod api;
pub mod app;
mod coach;
mod ended;
mod error;
mod model;
mod oidc;
mod pages;
mod portal;
mod router;
pub mod settings;
mod signed_in;
mod store;

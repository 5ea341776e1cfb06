//! `polder-tenant`: one tenant, a complete OpenID Provider by itself. It knows of no other tenant.
//!
//! A request comes in through [`router`], where every route is on one page. `/authorize` is checked by
//! [`oidc::authorize`] and handed to [`signin`], whose one pure function says what comes next until the
//! person is known; then [`oidc::authorize::issue_code`] answers with a code, and [`oidc::token`] turns
//! the code into tokens.
//!
//! ```text
//! /authorize ──checks──> signin::begin ──> e-mail ──> code ──> name ──> issue_code ──> /token
//!                             │                                            ^
//!                             └── session is live and fresh enough ────────┘
//! ```

pub mod account;
pub mod admin;
pub mod app;
pub mod assets;
pub mod audit;
pub mod back_channel;
pub mod branding;
pub mod command;
pub mod confine;
pub mod connections;
pub mod device;
pub mod error;
pub mod factors;
pub mod fields;
pub mod guard;
pub mod imports;
pub mod jobs;
pub mod keys;
pub mod limits;
pub mod model;
pub mod oidc;
pub mod passkeys;
pub mod people;
pub mod places;
pub mod refusals;
pub mod router;
pub mod secret_uses;
pub mod settings;
pub mod signin;
pub mod startup;
pub mod store;
pub mod usage;
pub mod verification;

pub use app::App;

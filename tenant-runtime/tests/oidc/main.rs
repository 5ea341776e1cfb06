//! The protocol endpoints, one file per address. Names carry the ids of the standards checklist.

#![cfg(test)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../connections/mod.rs"]
mod connections;

mod application_links;
mod authorize;
mod back_channel;
mod bearer;
mod bound_kinds;
mod claims_parameter;
mod client_authentication;
mod code;
mod cors;
mod discovery;
mod dpop;
mod end_session;
mod fapi;
mod form_post;
mod introspect;
mod jwks;
mod kinds_of_tokens;
mod limits_of_requests;
mod metadata;
mod pairwise;
mod par;
mod private_key_jwt;
mod prompt;
mod protected_resource;
mod published_keys;
mod pushed_only;
mod pushed_wishes;
mod races;
mod refresh;
mod refusals;
mod register;
mod register_manage;
mod register_races;
mod request_object;
mod resources;
mod restart;
mod revoke;
mod secret_uses;
mod sessions;
mod strange_input;
mod tenants;
mod token;
mod usage;
mod userinfo;

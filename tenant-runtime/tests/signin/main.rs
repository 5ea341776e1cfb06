//! The sign-in and the administration, as a browser without scripts and as an attacker see them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

mod abuse;
mod account;
mod accounts;
mod address;
#[path = "../admin/mod.rs"]
mod admin;
mod back_channel;
mod blocklists;
mod branding;
mod browser;
mod clock;
mod codes;
mod consent;
mod cookies;
mod device;
mod enumeration;
mod forms;
mod limits;
mod lockouts;
mod mail;
mod pages;
#[path = "../passkeys/mod.rs"]
mod passkeys;
mod person;
mod places;
mod policies;
mod profile_fields;
mod recovery;
mod session_limit;
mod sessions;
mod single_claims;
mod steps;
mod tenant;
mod totp;

//! The suite of `signin` once more, on PostgreSQL where there is a server.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test ends at the first surprise")]

#[path = "../signin/abuse.rs"]
mod abuse;
#[path = "../signin/account.rs"]
mod account;
#[path = "../signin/accounts.rs"]
mod accounts;
#[path = "../signin/address.rs"]
mod address;
#[path = "../admin/mod.rs"]
mod admin;
#[path = "../signin/blocklists.rs"]
mod blocklists;
#[path = "../signin/branding.rs"]
mod branding;
#[path = "../signin/browser.rs"]
mod browser;
#[path = "../signin/clock.rs"]
mod clock;
#[path = "../signin/codes.rs"]
mod codes;
#[path = "../signin/consent.rs"]
mod consent;
#[path = "../signin/cookies.rs"]
mod cookies;
#[path = "../signin/enumeration.rs"]
mod enumeration;
#[path = "../signin/forms.rs"]
mod forms;
#[path = "../signin/limits.rs"]
mod limits;
#[path = "../signin/lockouts.rs"]
mod lockouts;
#[path = "../signin/mail.rs"]
mod mail;
#[path = "../signin/pages.rs"]
mod pages;
#[path = "../passkeys/mod.rs"]
mod passkeys;
#[path = "../signin/person.rs"]
mod person;
#[path = "../signin/places.rs"]
mod places;
#[path = "../signin/policies/mod.rs"]
mod policies;
#[path = "../signin/profile_fields.rs"]
mod profile_fields;
#[path = "../signin/recovery.rs"]
mod recovery;
#[path = "../signin/session_limit.rs"]
mod session_limit;
#[path = "../signin/sessions.rs"]
mod sessions;
#[path = "../signin/single_claims.rs"]
mod single_claims;
#[path = "../signin/steps.rs"]
mod steps;
#[path = "../signin/tenant.rs"]
mod tenant;
#[path = "../signin/totp.rs"]
mod totp;

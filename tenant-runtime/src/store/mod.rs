//! The tenant's SQL, one file per table: free functions with the statement as a literal inside.

pub mod applications;
pub mod code_budgets;
pub mod codes;
pub mod consents;
pub mod data_keys;
pub mod grants;
pub mod invitees;
pub mod one_time_codes;
pub mod outbox;
pub mod passkey_owners;
pub mod passkeys;
pub mod pending_requests;
pub mod revoked_tokens;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod used_assertions;
pub mod used_challenges;
pub mod users;

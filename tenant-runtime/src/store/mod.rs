//! The tenant's SQL, one file per table: free functions with the statement as a literal inside.

pub mod address_changes;
pub mod applications;
pub mod awaited_factors;
pub mod code_budgets;
pub mod codes;
pub mod consents;
pub mod data_keys;
pub mod factor_tries;
pub mod grants;
pub mod invitees;
pub mod known_browsers;
pub mod one_time_codes;
pub mod outbox;
pub mod passkey_owners;
pub mod passkeys;
pub mod pending_requests;
pub mod recovery_codes;
pub mod revoked_tokens;
pub mod sessions;
pub mod settings;
pub mod signing_keys;
pub mod totp_factors;
pub mod used_assertions;
pub mod used_challenges;
pub mod users;

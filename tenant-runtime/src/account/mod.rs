//! What a person sees of their own account.

pub mod form;
pub mod home;
pub mod name;
pub mod notice;
pub mod passkeys;

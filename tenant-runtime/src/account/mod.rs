//! What a person sees of their own account.

pub mod home;
pub mod name;
pub mod notice;

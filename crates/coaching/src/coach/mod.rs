//! What a coach sees and does.

pub mod clients;
pub mod invite;

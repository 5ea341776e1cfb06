//! What a client sees and does.

pub mod coaches;
pub mod invitation;
pub mod sign_in;

//! A tenant in the test's own process: the production `App` with a clock that tests move, seeded
//! chance, captured mail and a fresh database; driven through its router.

pub mod answer;
pub mod browser;
pub mod client;
pub mod signer;
pub mod token;
pub mod world;

pub use answer::Answer;
pub use browser::Browser;
pub use client::Client;
pub use signer::Signer;
pub use world::{ISSUER, World};

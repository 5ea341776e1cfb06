//! What the end-to-end tests share: a running Polder, people without JavaScript, a relying party, the
//! mailbox. Everything is the real program on loopback.

#![expect(clippy::expect_used, reason = "a test ends at the first surprise")]

pub mod api;
pub mod browser;
pub mod chromium;
pub mod disk;
pub mod docker;
pub mod foreign_client;
pub mod forms;
pub mod mailbox;
pub mod mallory;
pub mod names;
pub mod polder;
pub mod post_office;
pub mod postgres;
pub mod relying_party;
pub mod routes;
pub mod upstream;

pub use browser::{Browser, Landed};
pub use mallory::Mallory;
pub use polder::Polder;
pub use relying_party::RelyingParty;

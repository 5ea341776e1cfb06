//! What the end-to-end tests share: a running Polder, people without JavaScript, a relying party, the
//! mailbox. Everything is the real program on loopback.

pub mod api;
pub mod browser;
pub mod chromium;
pub mod docker;
pub mod forms;
pub mod mailbox;
pub mod names;
pub mod polder;
pub mod postgres;
pub mod relying_party;

pub use browser::{Browser, Landed};
pub use polder::Polder;
pub use relying_party::RelyingParty;

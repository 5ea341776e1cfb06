//! What the tenant's tables hold, as values. Rows become these in `store`; nothing here does I/O.

pub mod application;
pub mod assurance;
pub mod code;
pub mod connection;
pub mod consent;
pub mod grant;
pub mod passkey;
pub mod session;
pub mod user;

pub use application::Application;
pub use assurance::{Assurance, Method};
pub use code::AuthorizationCode;
pub use connection::Connection;
pub use consent::{Consent, ConsentId};
pub use grant::{Approved, Grant, GrantId};
pub use passkey::Passkey;
pub use session::Session;
pub use user::User;

//! The only ways out. A tenant has no network: its mail goes to the courier, over a socket of its own;
//! the courier's goes to an SMTP server. What is sent is a [`Mail`], which has no headers to inject into.
//! Hosts that the tenant is allowed to reach it reaches through another socket, the [`egress`]. What no
//! tenant may reach is said here for both ends: [`address`], [`destination`] and [`resolve`].

pub mod address;
pub mod courier;
pub mod destination;
pub mod egress;
#[cfg(feature = "reqwest")]
pub mod issuer;
pub mod localhost;
pub mod mail;
pub mod mailer;
pub mod resolve;
pub mod smtp;
pub mod socket;

pub use courier::Courier;
pub use egress::{Egress, EgressError};
#[cfg(feature = "reqwest")]
pub use issuer::IssuerHttp;
pub use mail::{Mail, Subject};
pub use mailer::{Mailer, SendError};
pub use smtp::{Credentials, Sender, Smtp, SmtpUrl};

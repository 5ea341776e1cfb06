//! The only ways out. A tenant has no network: its mail goes to the courier, over a socket of its own;
//! the courier's goes to an SMTP server. What is sent is a [`Mail`], which has no headers to inject into.
//! Hosts that the tenant is allowed to reach it reaches through another socket, the [`egress`].

pub mod courier;
pub mod egress;
pub mod localhost;
pub mod mail;
pub mod mailer;
pub mod smtp;
pub mod socket;

pub use courier::Courier;
pub use egress::{Egress, EgressError};
pub use mail::{Mail, Subject};
pub use mailer::{Mailer, SendError};
pub use smtp::{Credentials, Sender, Smtp, SmtpUrl};

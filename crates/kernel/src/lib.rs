//! The words both programs use: ids, time, chance, secrets, addresses, locales. No I/O.
//!
//! Time and chance are values here ([`Clock`], [`Entropy`]) so that expiry, retention and races can
//! be tested in milliseconds; `.clippy.toml` forbids the ambient ones everywhere else.

pub mod calendar;
pub mod clock;
pub mod email;
pub mod encoding;
pub mod entropy;
pub mod id;
pub mod locale;
pub mod secret;
pub mod slug;

pub use calendar::{Day, Month};
pub use clock::{Clock, Timestamp};
pub use email::Email;
pub use entropy::Entropy;
pub use id::Id;
pub use locale::Locale;
pub use secret::Secret;
pub use slug::Slug;

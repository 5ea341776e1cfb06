//! Everything people see: the sign-in pages of a tenant, the pages of the console and the mails.
//!
//! One typed struct per page; [`Page::render`] gives its HTML. Texts live in `locales/*.toml`, one
//! file per language, and are checked at compile time; looks live in `assets/`, served under
//! content-hashed names by [`asset()`].
//!
//! A page links nothing outside its own origin, has no inline style and no inline script; of a
//! tenant's pages only those that can use passkeys have a script, and they work without it. So the strictest Content-Security-Policy fits:
//! `style-src 'self'; img-src 'self'; form-action 'self'`, and `script-src 'self'; connect-src 'self'`
//! for the console and those.

pub mod account;
pub mod amount;
pub mod assets;
pub mod brand;
pub mod chart;
pub mod clean;
pub mod console;
pub mod country;
pub mod device;
pub mod fields;
pub mod frame;
pub mod look;
pub mod mail;
pub mod page;
pub mod qr;
mod sign;
pub mod tenant;
mod texts;
pub mod when;

pub use assets::{Asset, asset};
pub use brand::{Brand, Theme};
pub use country::Country;
pub use device::Device;
pub use frame::{ApplicationLinks, Frame};
pub use look::Look;
pub use page::Page;
pub use sign::Sign;

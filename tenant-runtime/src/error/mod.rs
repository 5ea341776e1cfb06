//! Where errors become responses: one type per audience, and nowhere else.
//!
//! | audience | type | becomes |
//! | --- | --- | --- |
//! | a client library | [`OAuthError`] | JSON of RFC 6749, 5.2 |
//! | a person | [`PageError`] | a page in their language |
//! | the control plane | [`ProblemError`] | RFC 9457 problem |
//!
//! Only their `into_response` logs, once. Inside, `?` is enough: [`Internal`] turns into each of them.

mod internal;
mod oauth;
mod page;
mod problem;
mod render;

pub use internal::Internal;
pub use oauth::OAuthError;
pub use page::{Kind, PageError};
pub use problem::ProblemError;
pub use render::pages as render_pages;

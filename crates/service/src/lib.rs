//! What a good axum process needs, and nothing about identity.
//!
//! ```text
//! listen::serve ─ connection (sizes, times, caps) ─> Stack ─ one thin layer ─> axum::Router
//!                                                     │ host check · request id and peer · security headers
//!                                                     │ panics -> 500 · reports -> log, once
//!                                                     └ handlers use: form, json, cookies, csrf, limit, locale, problem
//! ```

pub mod cookies;
pub mod csrf;
pub mod form;
pub mod headers;
pub mod host;
pub mod json;
pub mod limit;
pub mod listen;
pub mod locale;
pub mod log;
pub mod problem;
pub mod report;
pub mod request;
pub mod shutdown;
pub mod stack;

pub use listen::serve;
pub use problem::Problem;
pub use report::Report;
pub use request::{RequestContext, RequestId, TrustedProxy};
pub use shutdown::Shutdown;
pub use stack::Stack;

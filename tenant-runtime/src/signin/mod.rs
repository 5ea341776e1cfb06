//! Signing in: from an authorization request to a session.
//!
//! [`begin`] takes over from `/authorize`. A request that needs no page is answered at once; any other
//! waits in a sealed cookie ([`waiting`]) while [`show`] and the forms ask [`flow::next`] what comes
//! next. The code's row and the session register are the only memory of what was done.
//!
//! | form | file |
//! | --- | --- |
//! | `GET /signin` shows the step of a flow | [`show`] |
//! | `POST /signin/email` | [`email`], behind [`gate`] |
//! | `POST /signin/code`, `POST /signin/resend` | [`code`], [`resend`] |
//! | `POST /signin/passkey` | [`passkey`] |
//! | `POST /signin/second-step`, `POST /signin/recovery-code` | [`second_step`] |
//! | `POST /signin/room` | [`room`] |
//! | `POST /signin/enrol/…` | [`enrol`] |
//! | `POST /signin/lost…` | [`lost`] |
//! | `POST /signin/name` | [`name`] |
//! | `POST /signin/consent` | [`consent`] |
//! | `POST /signin/offer/…` | [`offer`] |
//! | `GET /signin/with/{connection}`, `/signin/callback/{connection}` | [`with`], [`callback`], [`federated`] |
//! | `POST /signin/connect` | [`connect`] |
//! | `POST /signin/continue`, `switch`, `cancel` | [`choice`] |
//!
//! Several people may be signed in on one browser ([`accounts`]).

pub mod accounts;
pub mod answer;
pub mod ask;
mod begin;
pub mod callback;
pub mod choice;
pub mod code;
pub mod connect;
pub mod consent;
pub mod demand;
pub mod email;
pub mod enrol;
pub mod federated;
pub mod flow;
pub mod form;
pub mod gate;
pub mod lost;
pub mod mail;
pub mod name;
pub mod offer;
pub mod own_page;
pub mod page;
pub mod passkey;
pub mod passkey_proof;
pub mod proof;
pub mod resend;
pub mod room;
pub mod second_step;
pub mod send;
pub mod session;
pub mod show;
pub mod sign_up;
pub mod start;
pub mod visit;
pub mod waiting;
pub mod with;

pub use begin::begin;

//! What a person sees and changes of their own account.
//!
//! [`door`] lets in whoever is signed in, and sends everybody else to the sign-in and back: the account
//! is a page of our own that a flow leads to ([`own_page`](crate::signin::own_page)). What is sensitive asks for a sign-in of the
//! last ten minutes, with the second factor of whoever has one. Every change is an audit event in the
//! transaction that makes it, and a change of how somebody signs in is a mail as well ([`notice`]).
//!
//! | page | file |
//! | --- | --- |
//! | `/account`, and whose it is | [`overview`], [`switch`] |
//! | `/account/profile`, `/account/email` | [`profile`], [`address`] |
//! | `/account/second-factor`, `/account/recovery-codes` | [`second_factor`], [`recovery_codes`] |
//! | `/account/passkeys`, `/account/connections` | [`passkeys`], [`connections`] |
//! | `/account/sessions`, `/account/applications` | [`sessions`], [`applications`] |
//! | `/account/activity`, `/account/preferences` | [`activity`], [`preferences`] |
//! | `/account/data`, `/account/delete` | [`data`], [`delete`] |

pub mod activity;
pub mod address;
pub mod address_change;
pub mod applications;
pub mod connections;
pub mod data;
pub mod delete;
pub mod door;
pub mod erase;
pub mod form;
pub mod home;
pub mod kept;
pub mod name;
pub mod notice;
pub mod overview;
pub mod passkeys;
pub mod preferences;
pub mod profile;
pub mod recovery_codes;
pub mod second_factor;
pub mod sessions;
pub mod sheet;
pub mod switch;

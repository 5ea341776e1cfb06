//! The device grant (RFC 8628): a program without a browser is let in from another device.
//!
//! ```text
//! asked ──code typed, person agrees──> approved ──polled──> redeemed, once
//!   │                   └─person refuses──> denied
//!   └─time──> expired
//! ```

use std::time::Duration;

use polder_kernel::{Entropy, Timestamp};
use serde::Serialize;

use crate::{Client, Error, ErrorCode, GrantType, Params, Scope, resource};

/// How long a person has.
pub const LIFETIME: Duration = Duration::from_secs(600);

/// How long a program waits between two questions, at first.
pub const INTERVAL: Duration = Duration::from_secs(5);

/// By how much that grows for one that asks too soon (RFC 8628 3.5).
pub const SLOWER: Duration = Duration::from_secs(5);

/// The letters of a user code: consonants, so that no word is made, without those that look alike (RFC 8628 6.1).
pub const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";

/// How many letters there are: 20^8 is 34 bits.
pub const LENGTH: usize = 8;

/// What a program asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What it is to be granted.
    pub scope: Scope,
}

impl Request {
    /// Reads the request of a client that was authenticated (RFC 8628 3.1).
    ///
    /// # Errors
    /// `unauthorized_client`, `invalid_scope`, `invalid_target`.
    pub fn parse(params: &Params, client: &Client) -> Result<Self, Error> {
        client.permit(GrantType::DeviceCode)?;
        resource::check(params, client)?;
        let scope = params.get("scope").map(Scope::parse).transpose()?.unwrap_or_default();
        Ok(Self { scope: client.grant_scope(&scope)? })
    }
}

/// What it is answered (RFC 8628 3.2).
#[derive(Clone, Serialize)]
pub struct Response {
    /// What the program asks with. A secret.
    pub device_code: String,
    /// What the person types.
    pub user_code: String,
    /// Where.
    pub verification_uri: String,
    /// The same with the code filled in, for a picture to scan. It approves nothing (B83).
    pub verification_uri_complete: String,
    /// Seconds until both codes are of no use.
    pub expires_in: u64,
    /// Seconds between two questions.
    pub interval: u64,
}

/// A new user code, without the hyphen that it is shown with. Each letter is as likely as any other.
pub fn user_code(entropy: &Entropy) -> String {
    let mut code = String::with_capacity(LENGTH);
    while code.len() < LENGTH {
        // 240 is the largest multiple of 20 that a byte holds: what is above would favour the first letters.
        let fair = entropy.bytes::<16>().into_iter().filter(|byte| *byte < 240);
        let letters = fair.filter_map(|byte| LETTERS.get(usize::from(byte % 20)));
        code.extend(letters.map(|letter| char::from(*letter)).take(LENGTH - code.len()));
    }
    code
}

/// A user code as people read it: `BCDF-GHJK`.
pub fn shown(code: &str) -> String {
    let (front, back) = code.split_at_checked(LENGTH / 2).unwrap_or((code, ""));
    format!("{front}-{back}")
}

/// What somebody typed, as it is stored: whatever its case, and without what stands between letters (B81). `None`
/// when it cannot be one.
pub fn typed(text: &str) -> Option<String> {
    let code: String =
        text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).take(LENGTH + 1).collect();
    (code.len() == LENGTH && code.bytes().all(|letter| LETTERS.contains(&letter))).then_some(code)
}

/// How far a request has come, for who asks again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// When both codes are of no use.
    pub expires_at: Timestamp,
    /// When the program asked last, and how long it has to wait.
    pub polled_at: Option<Timestamp>,
    /// See `polled_at`.
    pub interval: Duration,
    /// Whether somebody said no.
    pub denied: bool,
    /// Whether somebody said yes.
    pub approved: bool,
    /// Whether the tokens were given.
    pub redeemed: bool,
}

/// What a program that asks is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Tokens, if it is the first to come for them.
    Redeem,
    /// Nobody said anything yet.
    Pending,
    /// It asked too soon, and has to wait longer from now on.
    SlowDown,
    /// Somebody said no.
    Denied,
    /// Too late.
    Expired,
    /// It was answered before.
    Used,
}

/// Decides (RFC 8628 3.5; B82).
pub fn decide(state: &State, now: Timestamp) -> Answer {
    if state.redeemed {
        return Answer::Used;
    }
    if state.expires_at <= now {
        return Answer::Expired;
    }
    // Asked too soon it is told so whatever was decided: it learns that a moment later.
    if state.polled_at.is_some_and(|at| now < at + state.interval) {
        return Answer::SlowDown;
    }
    match (state.denied, state.approved) {
        (true, _) => Answer::Denied,
        (false, true) => Answer::Redeem,
        (false, false) => Answer::Pending,
    }
}

impl Answer {
    /// The error it is, where it is one.
    pub fn error(self) -> Option<Error> {
        let (code, description) = match self {
            Self::Redeem => return None,
            Self::Pending => (ErrorCode::AuthorizationPending, "the person has not decided yet"),
            Self::SlowDown => (ErrorCode::SlowDown, "ask less often: five seconds more between questions"),
            Self::Denied => (ErrorCode::AccessDenied, "the person refused"),
            Self::Expired => (ErrorCode::ExpiredToken, "the device code has expired"),
            Self::Used => (ErrorCode::InvalidGrant, "the device code is invalid"),
        };
        Some(Error::new(code, description))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b81_user_codes_are_eight_consonants_however_they_are_typed() {
        let entropy = Entropy::seeded(1);
        for _ in 0..200 {
            let code = user_code(&entropy);
            assert!(code.len() == 8 && code.bytes().all(|letter| LETTERS.contains(&letter)), "{code}");
            assert_eq!(typed(&shown(&code)), Some(code.clone()));
            assert_eq!(typed(&format!(" {} ", shown(&code).to_lowercase())), Some(code.clone()));
            assert_eq!(typed(&code), Some(code));
        }
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "BCDF-GHJA", "BCDF-GHJ1", "BCDF-GHJÉ", &"B".repeat(10_000)] {
            assert_eq!(typed(wrong), None, "{wrong:.20}");
        }
    }

    #[test]
    fn b82_each_state_has_its_answer() {
        let at = Timestamp::from_seconds;
        let asked = State {
            expires_at: at(600),
            polled_at: None,
            interval: INTERVAL,
            denied: false,
            approved: false,
            redeemed: false,
        };
        let error = |state: State, now| decide(&state, at(now)).error().map(|error| error.code.as_str());
        let approved = State { approved: true, ..asked };
        assert_eq!(error(asked, 10), Some("authorization_pending"));
        let polled = State { polled_at: Some(at(10)), ..asked };
        assert_eq!((error(polled, 14), error(polled, 15)), (Some("slow_down"), Some("authorization_pending")));
        assert_eq!(error(State { polled_at: Some(at(10)), ..approved }, 14), Some("slow_down"));
        assert_eq!((error(approved, 10), error(approved, 600)), (None, Some("expired_token")));
        assert_eq!(error(State { denied: true, ..asked }, 10), Some("access_denied"));
        assert_eq!(error(asked, 600), Some("expired_token"));
        assert_eq!(error(State { redeemed: true, ..approved }, 10), Some("invalid_grant"));
    }
}
